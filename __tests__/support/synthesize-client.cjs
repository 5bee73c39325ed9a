// An app as cdktf.json names one: has the project that it stands in synthesized by whoever listens at the socket.
const { connect } = require("node:net");

const { CDKTF_OUTDIR, CDKTF_CONTEXT_JSON } = process.env;
const socket = connect(process.argv[2]).setEncoding("utf8");
let answer = "";
socket.on("data", (text) => {
  answer += text;
});
socket.on("end", () => {
  const { code, said } = JSON.parse(answer);
  process.exitCode = code;
  process.stderr.write(said);
});
socket.end(JSON.stringify({ folder: process.cwd(), environment: { CDKTF_OUTDIR, CDKTF_CONTEXT_JSON } }));
