import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { EnvironmentFile } from "./environment";
import { type Found, ImportError } from "./found";

/**
 * Writes a file that is not there yet.
 * @throws ImportError where the folder is no project, or has that file
 */
export function write({ path, text }: EnvironmentFile, project: string): void {
  if (!existsSync(join(project, "cdktf.json")))
    throw new ImportError([
      "There is no cdktf.json here: run this in the folder of a project. npm create slipway@latest makes one.",
    ]);
  const file = join(project, path);
  mkdirSync(dirname(file), { recursive: true });
  try {
    writeFileSync(file, text, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new ImportError([`${path} is there already, and stays as it is: say another name with --name.`]);
  }
}

/** What was written, what it lacks, and the commands that come next. */
export function report(
  { name, path, props }: EnvironmentFile,
  remarks: readonly string[],
  found: Pick<Found, "secrets" | "before">,
): string {
  const { services = {}, move } = props;
  const secrets = found.secrets.map(
    ({ name: secret, printed }) => `${printed} | npx slipway secret set ${name} ${secret}`,
  );
  const steps = [
    `npx slipway plan ${name} --offline    # what Terraform would make: no account needed`,
    "npx slipway plan bootstrap    # gets its image repository and its roles",
    "npx slipway apply bootstrap",
    `npx slipway plan ${name}`,
    `npx slipway apply ${name}`,
    ...(secrets.length > 0 && found.before ? [found.before] : []),
    ...secrets,
    `npx slipway deploy ${name} --image …`,
    ...(move ? [`npx slipway move ${name}    # what comes next: docs/moving.md`] : []),
  ];
  return [
    `${path} is written: a light environment with ${Object.keys(services).join(" and ")}. Values that may be secrets are not in it.`,
    ...(remarks.length > 0 ? ["", "Yours to decide:", ...remarks.map((one) => `  ${one}`)] : []),
    "",
    "Read it, then:",
    ...steps.map((step) => `  ${step}`),
    "",
  ].join("\n");
}
