import { Token } from "cdktf";
import { afterAll, afterEach, vi } from "vitest";
import { closeOpen } from "./closing";

/**
 * Tests see nothing of the machine they run on: a runner's variables would name who deploys, take job summaries, and
 * mask logs; a person's AWS settings would reach the commands that tests start. A test that wants such a variable gives
 * it to the command itself.
 */
const MACHINES = /^(GITHUB|RUNNER|ACTIONS|AWS|TF|CDKTF)_|^(CI|NO_COLOR|FORCE_COLOR)$/;

for (const name of Object.keys(process.env)) if (MACHINES.test(name)) delete process.env[name];

/**
 * What Terraform spends, it spends on collecting garbage that goes with its process, and on doing so beside itself while the
 * other tests want the core. Source: GOGC and GOMAXPROCS, Go's package runtime.
 */
Object.assign(process.env, { GOGC: "400", GOMAXPROCS: "1" });

/**
 * cdktf keeps the Terraform that TERRAFORM_BINARY_NAME names as it is loaded. Were that by a command in a test's process, it would be
 * a sandbox's, which is gone by the next file: it is loaded before.
 */
if (Token.isUnresolved("")) throw new Error("cdktf takes an empty text for a token.");

afterEach(closeOpen);

/** Files share a process: none sees what another changed of it. */
const before = { ...process.env };
afterAll(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
});
