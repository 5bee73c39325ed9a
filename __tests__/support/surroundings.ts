/**
 * Tests see nothing of the machine they run on: a runner's variables would name who deploys, take job summaries, and
 * mask logs; a person's AWS settings would reach the commands that tests start. A test that wants such a variable gives
 * it to the command itself.
 */
const MACHINES = /^(GITHUB|RUNNER|ACTIONS|AWS|TF|CDKTF)_|^(CI|NO_COLOR|FORCE_COLOR)$/;

for (const name of Object.keys(process.env)) if (MACHINES.test(name)) delete process.env[name];
