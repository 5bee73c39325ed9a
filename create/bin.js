#!/usr/bin/env node
// In words that every Node understands: an old one ends here with a sentence.
var least = [20, 9];
var version = process.versions.node.split(".").map(Number);
if (version[0] < least[0] || (version[0] === least[0] && version[1] < least[1])) {
  console.error(
    "Node " +
      process.versions.node +
      " is too old: Slipway takes " +
      least.join(".") +
      " or later. Nothing was written.",
  );
  process.exit(1);
}
require("./create.js");
