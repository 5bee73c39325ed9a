import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

export const ROOT = join(__dirname, "..", "..", "..");

/** A value as it stands in the file: it may hold `${{ … }}`. */
export type Written = string | number | boolean;

export interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly if?: Written;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, Written>>;
  readonly env?: Readonly<Record<string, Written>>;
  readonly "working-directory"?: string;
  readonly "continue-on-error"?: boolean;
}

export interface Job {
  readonly if?: Written;
  readonly needs?: string | readonly string[];
  readonly uses?: string;
  readonly with?: Readonly<Record<string, Written>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly "runs-on"?: string;
  readonly "timeout-minutes"?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string | { readonly name: string; readonly url?: string };
  readonly concurrency?: {
    readonly group: string;
    readonly "cancel-in-progress"?: Written;
    readonly queue?: "single" | "max";
  };
  readonly strategy?: { readonly "fail-fast"?: boolean; readonly matrix: Readonly<Record<string, string>> };
  readonly outputs?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
}

interface Input {
  readonly description: string;
  readonly type: string;
  readonly required?: boolean;
  readonly default?: Written;
}

interface Filter {
  readonly branches?: readonly string[];
  readonly tags?: readonly string[];
  readonly paths?: readonly string[];
}

export interface Workflow {
  readonly name: string;
  readonly on: {
    readonly push?: Filter;
    readonly pull_request?: null;
    readonly schedule?: readonly { readonly cron: string }[];
    readonly workflow_dispatch?: { readonly inputs: Readonly<Record<string, Input>> };
    readonly workflow_call?: {
      readonly inputs: Readonly<Record<string, Input>>;
      readonly secrets?: Readonly<Record<string, { readonly required: boolean }>>;
    };
  };
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const files = {
  terraform: ".github/workflows/terraform.yaml",
  "self-test": ".github/workflows/self-test.yaml",
  publish: ".github/workflows/publish.yaml",
  service: ".github/workflows/build-and-deploy.yaml",
  release: ".github/workflows/release.yaml",
  caller: "examples/service/.github/workflows/deploy.yaml",
  button: "examples/service/.github/workflows/release.yaml",
};

export type Name = keyof typeof files;
export const names = Object.keys(files) as Name[];
export const fileOf = (name: Name) => join(ROOT, files[name]);
export const textOf = (name: Name) => readFileSync(fileOf(name), "utf8");
export const parsed = (text: string): Workflow => parse(text);
export const workflowOf = (name: Name) => parsed(textOf(name));

export const needsOf = ({ needs = [] }: Job): readonly string[] =>
  typeof needs === "string" ? [needs] : needs;

/** What a called workflow gets for the inputs that its caller leaves out. */
export const defaultsOf = ({ on }: Workflow): Readonly<Record<string, Written>> =>
  Object.fromEntries(
    Object.entries(on.workflow_call?.inputs ?? {}).flatMap(([name, { default: value }]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );

/** Every job of a workflow, with its id. */
export const jobsOf = (workflow: Workflow) =>
  Object.entries(workflow.jobs).map(([id, job]) => ({ ...job, id }));

/** Every text below a part of a workflow. */
export function textsIn(part: unknown): string[] {
  if (typeof part === "string") return [part];
  return typeof part === "object" && part !== null ? Object.values(part).flatMap(textsIn) : [];
}

/** The inside of every `${{ … }}` below a part of a workflow, and of conditions that are written without. */
export function expressionsIn(part: unknown): string[] {
  const marked = textsIn(part).flatMap((text) =>
    [...text.matchAll(/\$\{\{(.*?)\}\}/gs)].map(([, inside = ""]) => inside.trim()),
  );
  return [...new Set([...marked, ...conditionsIn(part).filter((text) => !text.includes("${{"))])];
}

function conditionsIn(part: unknown): string[] {
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([key, value]) =>
    key === "if" && typeof value === "string" ? [value] : conditionsIn(value),
  );
}
