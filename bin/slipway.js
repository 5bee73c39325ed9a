#!/usr/bin/env node
// The command `slipway`: from its sources where they are, and as it is built where it is installed.
require("./check-node");
const { existsSync } = require("node:fs");
const { join } = require("node:path");

const source = join(__dirname, "../cli/main.ts");
if (existsSync(source)) {
  const loader = require.resolve("./typescript");
  require(loader);
  // Processes that commands start in turn are started as this one is.
  process.execArgv.push("--require", loader);
  require(source);
} else require("../dist/cli/main.js");
