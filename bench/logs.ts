import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { contractOf, putParameter } from "../__tests__/deploy-sandbox/support/contract";
import { contractParameter } from "../modules/contract";
import { SAMPLE, sampleWorld } from "../sandbox/api/sample";
import { Sandbox } from "../sandbox/api/sandbox";
import type { Row } from "./report";

const LINES = 100_000;
const STREAMS = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];
const FOLLOWED = 9;

/** What a service writes: requests, JSON, and now and then a secret. */
const TEXTS = [
  "GET /orders/4711?page=2 200 12ms",
  '{"level":"info","msg":"order stored","id":4711,"customer":"c-991","took":0.012}',
  "INFO  [worker-3] job 8d1f finished after 3 attempts, next one in 30 s",
  "dial postgres://app:hunter2@db.internal:5432/app?sslmode=require: refused",
];

/** The time and memory of `logs` over many lines, and how soon `--follow` shows a new one, against the sandbox. */
export async function logsRows(scratch: string): Promise<Row[]> {
  const folder = mkdtempSync(join(scratch, "logs-"));
  const world = await sampleWorld({}, folder);
  await putParameter(world, contractParameter("staging"), JSON.stringify(contractOf()), 1);
  const sandbox = await Sandbox.start({ world });
  try {
    const write = (text: string, index: number, at: number) => {
      const stream = `web/web/${STREAMS[index % STREAMS.length]}`;
      sandbox.logs.append({ region: SAMPLE.region, group: SAMPLE.logGroup, stream }, [text], at, at);
    };
    const from = sandbox.clock.now() - 50 * 60_000;
    for (let index = 0; index < LINES; index++)
      write(`${index} ${TEXTS[index % TEXTS.length]}`, index, from + index * 20);
    // The first run after a change compiles what it loads: whoever installs the package has it compiled.
    await ended(start(sandbox, join(folder, "compiled.json"), ["--since", "1s"]));
    const { seconds, processor, megabytes } = await all(sandbox, folder);
    sandbox.logs.clear();
    const delay = await followed(sandbox, folder, (text) => write(text, 0, sandbox.clock.now()));
    return [
      {
        // Of a processor: on a machine that others use too, the wall says more of them.
        what: `logs, ${LINES} lines : 10 s`,
        measured: `${processor.toFixed(1)} s, wall ${seconds.toFixed(1)} s`,
        ratio: processor / 10,
        bound: 1,
      },
      {
        what: "logs, most memory : 150 MB",
        measured: `${megabytes.toFixed(0)} MB`,
        ratio: megabytes / 150,
        bound: 1,
      },
      {
        what: "logs --follow, line to screen : 2 s",
        measured: `at most ${delay.toFixed(1)} s`,
        ratio: delay / 2,
        bound: 1,
      },
    ];
  } finally {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The command in a process of its own. */
function start(sandbox: Sandbox, report: string, args: readonly string[]) {
  const loaded = ["--require", join(__dirname, "usage.cjs"), "--require", "tsx/cjs"];
  return spawn(process.execPath, [...loaded, "deploy/main.ts", "logs", "staging", ...args], {
    cwd: join(__dirname, ".."),
    env: {
      PATH: process.env.PATH,
      BENCH_USAGE: report,
      AWS_ENDPOINT_URL: sandbox.endpoint,
      AWS_REGION: SAMPLE.region,
      AWS_ACCESS_KEY_ID: sandbox.accessKey,
      AWS_SECRET_ACCESS_KEY: "example-secret-key",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

const ended = (child: ReturnType<typeof start>) =>
  new Promise<number | null>((resolve) => child.once("exit", resolve));

async function all(
  sandbox: Sandbox,
  folder: string,
): Promise<{ seconds: number; processor: number; megabytes: number }> {
  const report = join(folder, "usage.json");
  const began = process.hrtime.bigint();
  const child = start(sandbox, report, []);
  const end = ended(child);
  let lines = 0;
  for await (const chunk of child.stdout) lines += String(chunk).split("\n").length - 1;
  await end;
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  // With the date above them, two where midnight is between.
  if (lines <= LINES || lines > LINES + 2) throw new Error(`logs showed ${lines} of ${LINES} lines`);
  const { kilobytes, seconds: processor } = JSON.parse(readFileSync(report, "utf8"));
  return { seconds, processor, megabytes: (kilobytes * 1024) / 1e6 };
}

/** The longest time from a line to the screen, in seconds. */
async function followed(sandbox: Sandbox, folder: string, write: (text: string) => void): Promise<number> {
  const child = start(sandbox, join(folder, "follow.json"), ["--follow"]);
  let shown = "";
  let look = () => {};
  child.stdout.on("data", (text) => {
    shown += String(text);
    look();
  });
  const appears = (text: string) =>
    new Promise<void>((resolve) => {
      look = () => {
        if (shown.includes(text)) resolve();
      };
      look();
    });
  write("ready");
  await appears("ready");
  let longest = 0;
  for (let index = 0; index < FOLLOWED; index++) {
    const began = process.hrtime.bigint();
    write(`line ${index}.`);
    await appears(`line ${index}.`);
    longest = Math.max(longest, Number(process.hrtime.bigint() - began) / 1e9);
  }
  const end = ended(child);
  child.kill("SIGINT");
  await end;
  return longest;
}
