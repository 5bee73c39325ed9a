/**
 * Writes the stacks of one column of the trial to a folder: the environments that are shipped with what they share, and
 * one per option. A script, so that it runs with the packages of the project in whose folder it lies.
 *
 *   stacks.ts <folder>
 */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { Project } from "../__tests__/terraform/support/project";
import { variantFiles } from "../__tests__/terraform/support/variants";

/** The bootstrap stack with all that it can hold. */
const CONTEXT = { project: "app", bootstrap: { region: "us-west-2", github: "octo/infra" } };

async function write(project: Project, folder: string): Promise<void> {
  try {
    const { code, output } = await project.synth();
    if (code !== 0) throw new Error(`Synthesis failed:\n${output}`);
    cpSync(join(project.folder, "cdktf.out"), folder, { recursive: true });
  } finally {
    project.remove();
  }
}

async function main([folder = ""]: readonly string[]) {
  await write(new Project(undefined, CONTEXT), join(folder, "shipped"));
  await write(new Project(variantFiles()), join(folder, "options"));
}

void main(process.argv.slice(2));
