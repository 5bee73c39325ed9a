/**
 * npm run demo: the life of an environment with AWS stood in for. Everything else is real: cdktf, Terraform, deploy,
 * the AWS SDK, Postgres, and the files of this project. It works in a folder of its own and leaves your sandbox alone.
 */
import { Listr, type ListrTask } from "listr2";
import pc from "picocolors";
import { release } from "./releases";
import { DemoSandbox } from "./sandbox";

const ENVIRONMENT = "staging";

type Show = (line: string) => void;

/** A step of the story: what it is called, and what it does; the answer is what came of it, in a few words. */
type Step = readonly [title: string, act: (show: Show) => Promise<string>];

const sandbox = new DemoSandbox();

const infrastructure: Step[] = [
  [
    "Synthesize every environment file",
    async (show) => {
      const output = await sandbox.cdktf(["synth"], show);
      return found(output, /Generated Terraform code for the stacks: (.+)/, "$1");
    },
  ],
  [
    `Plan ${ENVIRONMENT}`,
    async (show) => {
      const output = await sandbox.cdktf(["plan", ENVIRONMENT], show);
      const words = "$1 to add, $2 to change, $3 to destroy";
      return found(output, /Plan: (\d+) to add, (\d+) to change, (\d+) to destroy/, words);
    },
  ],
  [
    `Apply ${ENVIRONMENT}`,
    async (show) => {
      const output = await sandbox.cdktf(["apply", ENVIRONMENT, "--auto-approve"], show);
      return found(output, /Resources: (\d+) added/, "$1 resources made");
    },
  ],
  [
    "Plan again: nothing may differ",
    async (show) => found(await sandbox.cdktf(["plan", ENVIRONMENT], show), /No changes\./, "no changes"),
  ],
  ["Read the outputs", readOutputs],
];

const releases: Step[] = [
  [
    "Deploy v1 before its secrets are set",
    async (show) => {
      const push = release("v1", sandbox.folder);
      const output = await sandbox.deploy([ENVIRONMENT, "--image", "v1"], show, { push, expected: 1 });
      return found(
        output,
        /✗ web (\w+): \S+ is still the placeholder/,
        "exit code 1: $1 is still a placeholder",
      );
    },
  ],
  [
    "Write the secrets, deploy v1",
    async (show) => {
      const secrets = ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"].map(
        (name) => `/${ENVIRONMENT}/service/web/${name}`,
      );
      await sandbox.run([process.execPath, `${__dirname}/write-secrets.cjs`, ...secrets], show);
      const output = await sandbox.deploy([ENVIRONMENT, "--image", "v1"], show);
      return found(output, /OK\s+(\d+_\w+\.sql)[\s\S]*web deployed/, "$1 applied to Postgres, v1 runs");
    },
  ],
  [
    "Deploy v2: its migration fails",
    async (show) => {
      const push = release("v2-broken-migration", sandbox.folder);
      const output = await sandbox.deploy([ENVIRONMENT, "--image", "v2-broken-migration"], show, {
        push,
        expected: 2,
      });
      return found(output, /(relation "\w+" does not exist)/, "exit code 2: $1; the service is untouched");
    },
  ],
  [
    "Deploy v3: it does not start",
    async (show) => {
      const push = release("v3-broken-start", sandbox.folder);
      const output = await sandbox.deploy([ENVIRONMENT, "--image", "v3-broken-start"], show, {
        push,
        expected: 3,
      });
      return found(
        output,
        /put back app:\w+: succeeded/,
        "exit code 3; the tag is back at v1, which still runs",
      );
    },
  ],
  [
    "Deploy v4",
    async (show) => {
      const push = release("v4", sandbox.folder);
      const output = await sandbox.deploy([ENVIRONMENT, "--image", "v4"], show, { push });
      return found(output, /web deployed/, "v4 runs");
    },
  ],
  [
    "Roll back",
    async (show) => {
      const output = await sandbox.deploy(["rollback", ENVIRONMENT], show);
      return found(output, /web deployed/, "v1 runs again");
    },
  ],
  [
    `Destroy ${ENVIRONMENT}`,
    async (show) => {
      const output = await sandbox.cdktf(["destroy", ENVIRONMENT, "--auto-approve"], show);
      return found(output, /Resources: (\d+) destroyed/, "$1 resources gone");
    },
  ],
];

async function readOutputs(show: Show): Promise<string> {
  const terraform = ["terraform", `-chdir=cdktf.out/stacks/${ENVIRONMENT}`];
  const output = await sandbox.run([...terraform, "output", "-json"], show);
  const { url, deploy } = JSON.parse(output.slice(output.indexOf("{")));
  const { region, cluster, services } = JSON.parse(deploy.value);
  sandbox.region = region;
  const names = services.map(({ name }: { name: string }) => name).join(", ");
  return `${url.value}, cluster ${cluster}, services ${names}`;
}

async function main() {
  const started = Date.now();
  const results: string[] = [];
  const watched = process.stdout.isTTY && process.env.CI === undefined;
  const tasks = [...infrastructure, ...releases].map(
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
      `\nOne file made an environment, releases went into it, and it is gone again: ${seconds(started)}.\n`,
    ),
  );
  console.log(results.join("\n"));
  console.log(`\nYours to try:  npm run sandbox -- npx cdktf apply ${ENVIRONMENT}`);
}

/** What a command must have printed, in words. */
function found(output: string, pattern: RegExp, words: string): string {
  const match = pattern.exec(output);
  if (match === null) throw new Error(`Expected ${pattern} in:\n\n${output}`);
  return words.replace(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? "");
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}

main().catch((error: Error) => {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
});
