import { tmpdir } from "node:os";
import { App, type TerraformStack, Testing } from "cdktf";
import { addBootstraps, constructEnvironments, type Loaded } from "../../../modules/app";
import type { AppRunnerFile } from "../../../modules/app-runner";
import type { EnvironmentFile, EnvironmentProps } from "../../../modules/environment";
import { resolveProject } from "../../../modules/project";
import type { Project } from "../../../modules/stack";
import { withoutTokenTraces } from "../../../modules/traces";
import { Graph } from "./graph";

/** An app of which nothing is written: its folder only has to be there. */
export const newApp = () => new App({ outdir: tmpdir() });

type File = EnvironmentProps | EnvironmentFile;

/** What `load` would have read from files of these names. */
export const filesOf = (files: Readonly<Record<string, File | AppRunnerFile>>): Loaded[] =>
  Object.entries(files).map(([name, file]) => ({
    file: `${name}.ts`,
    ...("props" in file ? file : { props: file }),
  }));

/** The stacks of some environment files, built together, by name. Nothing is written. */
export function synthesizeAll(
  files: Readonly<Record<string, File>>,
  project: Project = { project: "app" },
): Record<string, Graph> {
  return withoutTokenTraces(() => {
    const environments = constructEnvironments(newApp(), filesOf(files), project);
    return Object.fromEntries(environments.map((environment) => [environment.node.id, graphOf(environment)]));
  });
}

/** The stack of an environment on App Runner. */
export const synthesizeAppRunner = (
  file: AppRunnerFile,
  name: string,
  project: Project = { project: "app" },
) =>
  withoutTokenTraces(() => {
    const [environment] = constructEnvironments(newApp(), [{ file: `${name}.ts`, ...file }], project);
    if (environment === undefined) throw new Error("No stack was made.");
    return graphOf(environment);
  });

/** What is synthesized of a stack, its validations run. */
export const graphOf = (stack: TerraformStack) => new Graph(JSON.parse(Testing.synth(stack, true)));

const known = new Map<string, Graph>();

/** One environment's stack, made once for the same props. */
export function synthesize(file: File, name = "staging", project?: Project): Graph {
  if ("extend" in file) return only(file, name, project);
  const key = JSON.stringify([file, name, project]);
  const graph = known.get(key) ?? only(file, name, project);
  known.set(key, graph);
  return graph;
}

function only(file: File, name: string, project?: Project): Graph {
  const [graph] = Object.values(synthesizeAll({ [name]: file }, project));
  if (graph === undefined) throw new Error("No stack was made.");
  return graph;
}

/** The stack of what these environments share, in their first account; made once for the same files. */
export function synthesizeBootstrap(
  files: Readonly<Record<string, File | AppRunnerFile>>,
  context: object,
): Graph {
  const make = () => {
    const { bootstrap } = synthesizeBootstraps(files, context);
    if (bootstrap === undefined) throw new Error("No bootstrap stack.");
    return bootstrap;
  };
  if (Object.values(files).some((file) => "extend" in file)) return make();
  const key = JSON.stringify([files, context]);
  const graph = known.get(key) ?? make();
  known.set(key, graph);
  return graph;
}

/** The stacks of what these environments share, one in each account, by name. */
export function synthesizeBootstraps(
  files: Readonly<Record<string, File | AppRunnerFile>>,
  context: object,
): Record<string, Graph> {
  const { project, mistakes } = resolveProject(context);
  if (project === undefined) throw new Error(JSON.stringify(mistakes));
  return withoutTokenTraces(() => {
    const app = newApp();
    const environments = constructEnvironments(app, filesOf(files), project);
    return Object.fromEntries(
      addBootstraps(app, project, environments).map((stack) => [stack.node.id, graphOf(stack)]),
    );
  });
}
