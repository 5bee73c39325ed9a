/**
 * npm run demo: the life of an environment with AWS stood in for. Everything else is real: cdktf, Terraform, and the
 * files of this project. It works in a folder of its own and leaves your sandbox alone.
 */
import { Listr, type ListrTask, type ListrTaskWrapper } from "listr2";
import pc from "picocolors";
import { DemoSandbox } from "./sandbox";

const ENVIRONMENT = "staging";

type Task = ListrTaskWrapper<unknown, never, never>;

async function main() {
  const sandbox = new DemoSandbox();
  const facts: string[] = [];
  const steps = [
    step("Synthesize every environment file", async (show) => {
      const output = await sandbox.cdktf(["synth"], show);
      return found(output, /Generated Terraform code for the stacks: (.+)/, "$1");
    }),
    step(`Plan ${ENVIRONMENT}`, async (show) => {
      const output = await sandbox.cdktf(["plan", ENVIRONMENT], show);
      return found(
        output,
        /Plan: (\d+) to add, (\d+) to change, (\d+) to destroy/,
        "$1 to add, $2 to change, $3 to destroy",
      );
    }),
    step(`Apply ${ENVIRONMENT}`, async (show) => {
      const output = await sandbox.cdktf(["apply", ENVIRONMENT, "--auto-approve"], show);
      return found(output, /Resources: (\d+) added/, "$1 resources made");
    }),
    step("Plan again: nothing may differ", async (show) => {
      const output = await sandbox.cdktf(["plan", ENVIRONMENT], show);
      return found(output, /No changes\./, "no changes");
    }),
    step("Read the outputs", async (show) => {
      const output = await sandbox.run(
        ["terraform", `-chdir=cdktf.out/stacks/${ENVIRONMENT}`, "output", "-json"],
        show,
      );
      const { url, deploy } = JSON.parse(output.slice(output.indexOf("{")));
      const { cluster, services } = JSON.parse(deploy.value);
      const names = services.map(({ name }: { name: string }) => name).join(", ");
      return `${url.value}, cluster ${cluster}, services ${names}`;
    }),
    step(`Destroy ${ENVIRONMENT}`, async (show) => {
      const output = await sandbox.cdktf(["destroy", ENVIRONMENT, "--auto-approve"], show);
      return found(output, /Resources: (\d+) destroyed/, "$1 resources gone");
    }),
  ];
  const started = Date.now();
  await new Listr(steps, {
    fallbackRendererCondition: () => !process.stdout.isTTY || process.env.CI !== undefined,
    fallbackRenderer: "simple",
  }).run();
  console.log(pc.bold(`\nOne file made one environment, and took it away again, in ${seconds(started)}.`));
  for (const fact of facts) console.log(`  ${fact}`);
  console.log(`\nYours to try:  npm run sandbox -- npx cdktf apply ${ENVIRONMENT}`);

  /** A line of the live view, with what its command prints below it; then its result and how long it took. */
  function step(title: string, act: (show: (line: string) => void) => Promise<string>): ListrTask {
    return {
      title,
      task: async (_context, task) => {
        const began = Date.now();
        const result = await act((line) => live(task as unknown as Task, line));
        facts.push(`${title.padEnd(34)} ${result}`);
        task.title = `${title}: ${result} ${pc.dim(`(${seconds(began)})`)}`;
      },
    };
  }
}

/** Only where a person watches: in a log every line would stay. */
function live(task: Task, line: string) {
  if (process.stdout.isTTY && process.env.CI === undefined) task.output = line.slice(0, 100);
}

/** What a command must have printed, in words. */
function found(output: string, pattern: RegExp, words: string): string {
  const match = pattern.exec(output);
  if (match === null) throw new Error(`Expected ${pattern} in:\n\n${output}`);
  return match[0].replace(pattern, words);
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

main().catch((error: Error) => {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
});
