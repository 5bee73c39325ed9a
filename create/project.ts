import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import type { Answers } from "./answers";
import type { Files } from "./write";

/** What `npm run build` puts beside the program: two repositories as they stand here, and the version that this is of. */
export interface Templates {
  readonly project: Files;
  readonly service: Files;
  readonly version: string;
  /** Slipway's own, `owner/slipway`, whose workflows they call; undefined in a build of a repository that names none. */
  readonly repository?: string;
}

/** What templates write for the repository that Slipway is published from. */
export const PLACEHOLDER = "OWNER/slipway";

const DATABASE = '        database: ["DATABASE_URL"],\n';

/** What the service of `serviceFiles` asks of its environment. */
const FOR_SERVICE = `        config: { GOOSE_DRIVER: "postgres" },
        database: ["POSTGRES_URL", "GOOSE_DBSTRING"],
        migrations: true,
`;

/**
 * A team's project: its environments, their tests and its workflow.
 * @param slipway what package.json asks for: a version, or `file:` and a tarball
 * @param service whether it runs the service of `serviceFiles`
 */
export function projectFiles(
  templates: Templates,
  answers: Answers,
  { slipway = templates.version, service = false }: { readonly slipway?: string; readonly service?: boolean },
): Files {
  const name = basename(answers.folder);
  const { version } = templates;
  const files = Object.entries(templates.project).map(([path, text]) => {
    if (path.startsWith("environments/")) return [path, environmentFile(text, answers, service)];
    if (path === "cdktf.json") return [path, settings(text, name, answers.region)];
    if (path === "package.json") return [path, manifest(text, name, slipway)];
    if (path.startsWith(".github/workflows/")) return [path, atVersion(text, version)];
    return [path, path === "README.md" ? readme(text, name, service) : text];
  });
  return named(Object.fromEntries(files), templates);
}

/**
 * A service's own repository: the guest book of examples/service.
 * @param project the folder of the project with its environments
 */
export function serviceFiles(templates: Templates, project: string): Files {
  const { version } = templates;
  const files = Object.entries(templates.service).map(([path, text]) => {
    if (path === ".github/workflows/deploy.yaml")
      return [path, withEnvironmentsOf(basename(project), atVersion(text, version))];
    if (path.startsWith(".github/workflows/")) return [path, atVersion(text, version)];
    // A sign-in with Google is for a service that has one.
    return [path, text.replaceAll(/^.*\bGOOGLE_.*\n/gm, "")];
  });
  return named(Object.fromEntries(files), templates);
}

/** The same files with Slipway's repository in them, where that is known. */
const named = (files: Files, { repository = PLACEHOLDER }: Templates): Files =>
  Object.fromEntries(
    Object.entries(files).map(([path, text]) => [path, text.replaceAll(PLACEHOLDER, repository)]),
  );

function readme(text: string, name: string, service: boolean): string {
  // The image of that service brings goose for its migrations, which a folder in its place has not.
  const release = /^npx slipway sandbox --image .*\n/m.exec(text)?.[0] ?? "";
  return swap(service ? swap(text, release, "") : text, "# app\n", `# ${name}\n`);
}

function environmentFile(
  text: string,
  { region, port, health, postgres }: Answers,
  service: boolean,
): string {
  const answered = [
    ['region: "us-west-2"', `region: ${JSON.stringify(region)}`],
    ["port: 8080", `port: ${port}`],
    ['health: "/health"', `health: ${JSON.stringify(health)}`],
    [DATABASE, service ? FOR_SERVICE : postgres ? DATABASE : ""],
    ...(postgres ? [] : [["    services: {\n", "    database: false,\n    services: {\n"]]),
  ];
  return answered.reduce((changed, [from = "", to = ""]) => swap(changed, from, to), text);
}

function settings(text: string, project: string, region: string): string {
  const whole = JSON.parse(text);
  const context = { ...whole.context, project, bootstrap: { ...whole.context.bootstrap, region } };
  return `${JSON.stringify({ ...whole, projectId: randomUUID(), context }, null, 2)}\n`;
}

function manifest(text: string, name: string, slipway: string): string {
  const whole = JSON.parse(text);
  const dependencies = { ...whole.dependencies, slipway };
  return `${JSON.stringify({ ...whole, name, dependencies }, null, 2)}\n`;
}

/** A workflow that calls those of Slipway's repository, of the version that is installed. */
const atVersion = (text: string, version: string) =>
  text.replaceAll(/(\/\.github\/workflows\/[\w-]+\.yaml)@main$/gm, `$1@v${version}`);

/** A service's workflow whose environments are in another repository than the workflow that it calls. */
const withEnvironmentsOf = (project: string, text: string): string =>
  [
    [
      `# What a service's repository needs of workflows. OWNER/slipway is the repository with your environments; main may be a tag or
# a commit of it, and the deploy module is always of the same commit.
`,
      `# What a service's repository needs of workflows. OWNER/slipway is the repository that Slipway is published from, and
# ORGANIZATION/${project} the one with your environments.
`,
    ],
    ["      repository: app\n", `      infrastructure: ORGANIZATION/${project}\n      repository: app\n`],
  ].reduce((changed, [from = "", to = ""]) => swap(changed, from, to), text);

/** Puts an answer in the place of the template's own. */
function swap(text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`The template has not once: ${from}`);
  return text.replace(from, () => to);
}
