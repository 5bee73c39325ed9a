// Loaded before a measured script: says at its end how much memory it held at most, and which packages it loaded.
const { writeFileSync } = require("node:fs");
const { sep } = require("node:path");

const report = process.env.BENCH_USAGE;
if (report) {
  process.once("exit", () => {
    const kilobytes = process.resourceUsage().maxRSS;
    const packages = Object.keys(require.cache).filter((file) => file.includes(`${sep}node_modules${sep}`));
    writeFileSync(report, JSON.stringify({ kilobytes, packages }));
  });
}
