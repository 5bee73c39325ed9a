import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { Children } from "../children";
import { askForVersion } from "../consent";
import { screenOf } from "../../terminal/screen";
import { callersOf } from "./callers";
import { Dependency, PACKAGE, type Version } from "./dependency";
import { exitCodeOf, nextText, optionChanges, type UpgradeReport, upgradeText, writtenText } from "./report";
import { namesFile } from "./target";
import { Trial } from "./trial";

export interface UpgradeOptions {
  readonly json?: boolean;
  readonly autoApprove?: boolean;
}

/**
 * Shows what another version of the package changes in this project's environments, offline, and takes it where somebody says so.
 * Returns the exit code.
 * @param target a version, a tag, or the path of a tarball that is there
 */
export async function upgradeCommand(
  target: string,
  { json = false, autoApprove = false }: UpgradeOptions,
): Promise<number> {
  const project = realpathSync(process.cwd());
  const children = new Children();
  const dependency = new Dependency(project, children);
  const from = dependency.current;
  const wanted = await find(target, dependency);
  const print = (report: UpgradeReport, ...text: readonly string[]) =>
    process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : `${text.join("\n\n")}\n`);
  if (wanted.label === from.label) {
    const nothing = {
      version: 1,
      from,
      to: wanted,
      exitCode: 0,
      written: false,
      stacks: [],
      options: {},
    } as const;
    print(nothing, `slipway ${from.label} is what is installed: there is nothing to upgrade.`);
    return 0;
  }
  const compared = await compare(project, children, from, wanted);
  const { colors } = screenOf(process.stdout, process.env);
  const text = upgradeText(compared, colors);
  const asks = !autoApprove && !json && Boolean(process.stdin.isTTY);
  if (compared.exitCode === 1 || !(autoApprove || asks)) {
    print(compared, text, nextText(compared));
    return compared.exitCode;
  }
  if (asks) {
    process.stdout.write(`${text}\n`);
    await askForVersion(compared.to.label);
  }
  await dependency.write(compared.to);
  const written = { ...compared, exitCode: 0, written: true } as const;
  print(written, ...(asks ? [] : [text]), writtenText(compared, callersOf(project, from.number)));
  return 0;
}

function find(target: string, dependency: Dependency): Version | Promise<Version> {
  if (!namesFile(target)) return dependency.find(target);
  // Until it is installed, what it holds is not known.
  return { number: "", label: "", spec: `${PACKAGE}@file:${realpathSync(resolve(target))}` };
}

async function compare(
  project: string,
  children: Children,
  from: Version,
  wanted: Version,
): Promise<UpgradeReport> {
  const trial = new Trial(project, children);
  try {
    process.stderr.write(`${wanted.spec}: installed for a trial, in ${trial.folder} …\n`);
    const to = await trial.install(wanted);
    const stacks = await trial.rehearse(to);
    const options = optionChanges(await trial.optionsOld(), await trial.optionsNew());
    return { version: 1, from, to, exitCode: exitCodeOf(stacks), written: false, stacks, options };
  } finally {
    trial.remove();
  }
}
