/** A program of the upgrade's: writes the configuration of each environment of this folder to a file, as the installed version has it. */
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { environmentNames } from "../../terminal/candidates";

const load = createRequire(join(process.cwd(), "package.json"));
const { resolve } = load("slipway/constructs");
const all = environmentNames().map((name) => {
  const { props } = load(join(process.cwd(), "environments", `${name}.ts`)).default;
  return [name, resolve(props, name).configuration];
});
writeFileSync(process.argv[2] ?? "", JSON.stringify(Object.fromEntries(all)));
