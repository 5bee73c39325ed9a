// Stands for a program of slipway in shell lines: has command-server.ts run it in the test's process, and prints what it printed.
const { connect } = require("node:net");

const [path, program, ...words] = process.argv.slice(2);
const chunks = [];
process.stdin.on("data", (chunk) => chunks.push(chunk));
process.stdin.on("end", () => {
  const socket = connect(path).setEncoding("utf8");
  let answer = "";
  socket.on("data", (text) => {
    answer += text;
  });
  socket.on("end", () => {
    const { code, stdout, stderr } = JSON.parse(answer);
    process.exitCode = code;
    process.stdout.write(stdout);
    process.stderr.write(stderr);
  });
  const input = Buffer.concat(chunks).toString();
  socket.end(JSON.stringify({ program, words, input, folder: process.cwd(), environment: process.env }));
});
