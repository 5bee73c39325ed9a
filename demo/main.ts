/**
 * npm run demo: from an empty account to environments, releases, drift and the end, with AWS stood in for. Everything
 * else is real: cdktf, Terraform, deploy, the AWS SDK, Postgres, and the files of this project. It works in a folder of its
 * own and leaves your sandbox alone.
 */
import { Listr, type ListrTask } from "listr2";
import pc from "picocolors";
import { account } from "./account";
import { afterwards } from "./afterwards";
import { deploys } from "./deploys";
import { DemoSandbox } from "./sandbox";

async function main() {
  const started = Date.now();
  const sandbox = new DemoSandbox();
  const steps = [...account(sandbox), ...deploys(sandbox), ...afterwards(sandbox)];
  const results: string[] = [];
  const watched = process.stdout.isTTY && process.env.CI === undefined;
  const tasks = steps.map(
    ([title, act]): ListrTask => ({
      title,
      task: async (_context, task) => {
        const began = Date.now();
        const result = await act((line) => {
          // Only where a person watches: in a log every line would stay.
          if (watched) task.output = line.slice(0, 100);
        });
        results.push(`  ${title.padEnd(38)} ${result}`);
        task.title = `${title}: ${result} ${pc.dim(`(${seconds(began)})`)}`;
      },
    }),
  );
  await new Listr(tasks, { fallbackRendererCondition: !watched, fallbackRenderer: "simple" }).run();
  console.log(
    pc.bold(
      `\nAn empty account became two environments and a third, releases went in, drift was found: ${seconds(started)}.\n`,
    ),
  );
  console.log(results.join("\n"));
  console.log("\nYours to try:  npm run sandbox -- npx cdktf apply staging");
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

main().catch((error: Error) => {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
});
