import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Testing } from "cdktf";
import { afterAll } from "vitest";
import { addBootstrap, build, type Loaded } from "../../../modules/app";
import type { EnvironmentFile, EnvironmentProps } from "../../../modules/environment";
import { resolveProject } from "../../../modules/project";
import type { Project } from "../../../modules/stack";
import { Graph } from "./graph";

const folder = mkdtempSync(join(tmpdir(), "slipway-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

export const newApp = () => new App({ outdir: folder });

type File = EnvironmentProps | EnvironmentFile;

/** What `load` would have read from files of these names. */
export const filesOf = (files: Readonly<Record<string, File>>): Loaded[] =>
  Object.entries(files).map(([name, file]) => ({
    file: `${name}.ts`,
    ...("props" in file ? file : { props: file }),
  }));

/** The stacks of some environment files, built together, by name. Nothing is written. */
export function synthesizeAll(
  files: Readonly<Record<string, File>>,
  project: Project = { project: "app" },
): Record<string, Graph> {
  const environments = build(newApp(), filesOf(files), project);
  return Object.fromEntries(
    environments.map((environment) => [
      environment.node.id,
      new Graph(JSON.parse(Testing.synth(environment, true))),
    ]),
  );
}

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

/** The stack of what these environments share. */
export function synthesizeBootstrap(files: Readonly<Record<string, File>>, context: object): Graph {
  const { project, mistakes } = resolveProject(context);
  if (!project?.bootstrap) throw new Error(`No bootstrap stack: ${JSON.stringify(mistakes)}`);
  const app = newApp();
  const environments = build(app, filesOf(files), project);
  const stack = addBootstrap(app, project.bootstrap, project, environments);
  return new Graph(JSON.parse(Testing.synth(stack, true)));
}
