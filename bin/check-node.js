// Ends a Node that is too old with a sentence; written so that every Node can read it.
var least = require("../package.json").engines.node.replace(">=", "");
var wanted = least.split(".").map(Number);
var version = process.versions.node.split(".").map(Number);
if (version[0] < wanted[0] || (version[0] === wanted[0] && version[1] < wanted[1])) {
  console.error(
    "Node " + process.versions.node + " is too old: Slipway takes " + least + " or later. Nothing was done.",
  );
  process.exit(1);
}
