// A session inside the sandbox, as a person has who types `npm run sandbox -- sh`: carries out the commands that come as
// JSON lines, { id, command }, and answers with what they print and how they end, { id, text } and { id, code }. What is no
// command of Slipway, { id, ask, of }, it does by itself, with the SDK.
const { spawn } = require("node:child_process");
const { createInterface } = require("node:readline");

const ASKED = { "what-runs": require("./what-runs.cjs"), "write-secrets": require("./write-secrets.cjs") };

const answer = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, command, ask, of } = JSON.parse(line);
  if (command === undefined) {
    const end = (text, code) => {
      answer({ id, text });
      answer({ id, code });
    };
    ASKED[ask](...of).then(
      (text) => end(text, 0),
      (error) => end(`${error.message}\n`, 1),
    );
    return;
  }
  run(id, command);
});

function run(id, [file, ...args]) {
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => answer({ id, text }));
  child.once("error", (error) => answer({ id, text: `${error.message}\n` }));
  child.once("close", (code) => answer({ id, code }));
}
