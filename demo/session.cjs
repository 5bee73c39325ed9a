// A session inside the sandbox, as a person has who types `npm run sandbox -- sh`: carries out the commands that come as
// JSON lines, { id, command }, and answers with what they print and how they end, { id, text } and { id, code }.
const { spawn } = require("node:child_process");
const { createInterface } = require("node:readline");

const answer = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, command } = JSON.parse(line);
  const [file, ...args] = command;
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => answer({ id, text }));
  child.once("error", (error) => answer({ id, text: `${error.message}\n` }));
  child.once("close", (code) => answer({ id, code }));
});
