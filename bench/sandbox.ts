import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DescribeTasksCommand, ECSClient, RunTaskCommand } from "@aws-sdk/client-ecs";
import { pushFolders, startApi } from "../sandbox/api/command";
import { SAMPLE, sampleWorld } from "../sandbox/api/sample";
import type { Row } from "./report";

const MANY = 60_000;
const FEW = 6_000;

/** What a container says for real, as the sandbox's command takes it in: with its state in files, and time that goes on. */
export async function sandboxRows(scratch: string): Promise<Row[]> {
  const few = await secondsFor(scratch, FEW);
  const many = await secondsFor(scratch, MANY);
  return [
    {
      what: `${MANY} log lines in the sandbox : 20 s`,
      measured: `${many.toFixed(1)} s`,
      ratio: many / 20,
      bound: 1,
    },
    {
      what: `${MANY} : ${FEW} log lines, time`,
      measured: `${many.toFixed(1)} s : ${few.toFixed(1)} s`,
      ratio: many / few,
      bound: MANY / FEW,
    },
  ];
}

/** From the request to run a task, whose command prints so many lines, to its end. */
async function secondsFor(scratch: string, lines: number): Promise<number> {
  const folder = mkdtempSync(join(scratch, "sandbox-"));
  const image = join(folder, "image");
  mkdirSync(join(image, "bin"), { recursive: true });
  // A line at a time, as programs log.
  const program = `for (let line = 1; line <= ${lines}; line++) console.log("line", line, "of a program that logs");`;
  writeFileSync(join(image, "bin/migrate"), `#!${process.execPath}\n${program}\n`, { mode: 0o755 });
  const world = await sampleWorld({}, join(folder, ".sandbox"));
  const { repository, region, cluster, migration } = SAMPLE;
  const tag = SAMPLE.candidate;
  await pushFolders(world, [{ repository, region, tag, folder: image, architecture: "amd64" }]);
  const sandbox = await startApi(world, 1000);
  try {
    const { endpoint, accessKey } = sandbox;
    const credentials = { accessKeyId: accessKey, secretAccessKey: "any" };
    const ecs = new ECSClient({ endpoint, region, credentials });
    const started = process.hrtime.bigint();
    const { tasks } = await ecs.send(new RunTaskCommand({ cluster, taskDefinition: migration }));
    const arns = [tasks?.[0]?.taskArn ?? ""];
    for (let status: string | undefined; status !== "STOPPED"; await sleep(50)) {
      const found = await ecs.send(new DescribeTasksCommand({ cluster, tasks: arns }));
      status = found.tasks?.[0]?.lastStatus;
    }
    const seconds = Number(process.hrtime.bigint() - started) / 1e9;
    const events = sandbox.logs.streams(region, SAMPLE.logGroup).map((stream) => stream.events.length);
    if (!events.includes(lines)) throw new Error(`Of ${lines} lines the sandbox has ${events}.`);
    return seconds;
  } finally {
    await sandbox.close();
  }
}
