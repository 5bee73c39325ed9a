import { type ChildProcess, spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { start } from "../steps";

/** An emulator of AWS that is installed on this machine: moto (pip install "moto[server]"). */
export interface Emulator {
  readonly version: string;
  readonly python: string;
}

/** An emulator that runs, with nothing in its account. */
export interface Running {
  /** What the provider's and the SDKs' variables say of it. */
  readonly environment: NodeJS.ProcessEnv;
  stop(): Promise<void>;
}

const PYTHONS = ["python3", "python"];
/** Milliseconds until it must answer: it loads what AWS manages of IAM at its start. */
const LIMIT = 60_000;

/** The emulator of the first Python that has one. */
export function findEmulator(pythons: readonly string[] = PYTHONS): Emulator | undefined {
  for (const python of pythons) {
    const { status, stdout } = spawnSync(
      python,
      ["-c", "import moto, moto.server; print(moto.__version__)"],
      { encoding: "utf8" },
    );
    if (status === 0) return { version: stdout.trim(), python };
  }
  return undefined;
}

/**
 * Starts an emulator on a port of its own, on this machine alone.
 * @throws Error where it ends, or does not answer in a minute
 */
export async function startEmulator({ python }: Emulator): Promise<Running> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  // The managed policies that roles are given are there in every account.
  const env = { ...process.env, MOTO_IAM_LOAD_MANAGED_POLICIES: "true" };
  const child = start(python, ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], {
    env,
    stdio: "ignore",
  });
  const kill = () => void child.kill();
  process.once("exit", kill);
  await answers(url, child);
  return {
    environment: {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: "testing",
      AWS_SECRET_ACCESS_KEY: "testing",
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_CONFIG_FILE: "/dev/null",
      AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    },
    stop: async () => {
      process.off("exit", kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.kill();
      await ended;
    },
  };
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const until = Date.now() + LIMIT;
  while (Date.now() < until) {
    if (child.exitCode !== null) throw new Error(`The emulator ended with ${child.exitCode} at its start.`);
    if (await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined)) return;
    await sleep(200);
  }
  child.kill();
  throw new Error(`The emulator at ${url} did not answer in ${LIMIT / 1000} seconds.`);
}

/** A port that nobody listens on. */
function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
