// Loaded before a measured script: says at its end how much memory it held at most, what it took of a
// processor, and which packages it loaded.
const { writeFileSync } = require("node:fs");
const { sep } = require("node:path");

const report = process.env.BENCH_USAGE;
if (report) {
  process.once("exit", () => {
    const { maxRSS: kilobytes, userCPUTime, systemCPUTime } = process.resourceUsage();
    const seconds = (userCPUTime + systemCPUTime) / 1e6;
    const packages = Object.keys(require.cache).filter((file) => file.includes(`${sep}node_modules${sep}`));
    writeFileSync(report, JSON.stringify({ kilobytes, seconds, packages }));
  });
}
