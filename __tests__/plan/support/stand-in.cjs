#!/usr/bin/env node
// A terraform that does what behaviour.json in the project says, for answers that only a real AWS would give.
const { appendFileSync, existsSync, readFileSync, watch, writeFileSync } = require("node:fs");
const { basename, join } = require("node:path");

const project = join(process.cwd(), "../../..");
const [command, ...args] = process.argv.slice(2);
const stack = basename(process.cwd());
const lock = existsSync(".terraform.lock.hcl") ? readFileSync(".terraform.lock.hcl", "utf8") : null;
const call = { stack, command, args, lock, cache: process.env.TF_PLUGIN_CACHE_DIR };
appendFileSync(join(project, "calls.jsonl"), `${JSON.stringify(call)}\n`);

const behaviour = JSON.parse(readFileSync(join(project, "behaviour.json"), "utf8"));
const {
  code = 0,
  lines = [],
  stderr = "",
  lockFile,
  waits,
} = behaviour[`${stack} ${command}`] ?? behaviour[command] ?? {};
const out = args.find((arg) => arg.startsWith("-out="))?.slice("-out=".length);
if (out !== undefined) writeFileSync(out, `the plan of ${stack}`);
if (lockFile !== undefined && lock === null) writeFileSync(".terraform.lock.hcl", lockFile);

const end = () => {
  for (const line of lines) console.log(typeof line === "string" ? line : JSON.stringify(line));
  process.stderr.write(stderr);
  process.exitCode = code;
};
if (!waits) end();
else {
  const watcher = watch(project, () => existsSync(join(project, "go")) && finish());
  const finish = () => {
    watcher.close();
    process.removeListener("SIGTERM", finish);
    end();
  };
  process.on("SIGTERM", finish);
  writeFileSync(join(project, "waiting"), "");
  // To whoever waits for it: the first line of progress.
  console.log(
    JSON.stringify({
      type: "apply_complete",
      hook: { resource: { addr: "aws_vpc.first" }, action: "create" },
    }),
  );
}
