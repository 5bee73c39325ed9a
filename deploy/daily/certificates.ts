import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { refused } from "../errors";

/** After so long a kept bundle is fetched anew, in milliseconds; AWS announces authorities years ahead. */
const MONTH = 30 * 86_400_000;

/** Where AWS publishes the authorities of RDS. Source: "Using SSL/TLS to encrypt a connection to a DB instance", RDS. */
function addressOf(region: string): string {
  if (region.startsWith("cn-"))
    return `https://rds-truststore.s3.cn-north-1.amazonaws.com.cn/${region}/${region}-bundle.pem`;
  const host = region.startsWith("us-gov-")
    ? "truststore.pki.us-gov-west-1.rds.amazonaws.com"
    : "truststore.pki.rds.amazonaws.com";
  return `https://${host}/${region}/${region}-bundle.pem`;
}

/** A file with the authorities that sign RDS's certificates, fetched once a month. @throws DeployError with the way out. */
export async function databaseAuthorities(
  region: string,
  env: NodeJS.ProcessEnv,
  now: number,
): Promise<string> {
  const folder = join(env.XDG_CACHE_HOME || join(env.HOME ?? homedir(), ".cache"), "slipway");
  const file = join(folder, `rds-${region}.pem`);
  const age = await stat(file).then(
    ({ mtimeMs }) => now - mtimeMs,
    () => Number.POSITIVE_INFINITY,
  );
  if (age < MONTH) return file;
  try {
    const text = await fetchText(addressOf(region));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeFile(`${file}.${process.pid}`, text, { mode: 0o600 });
    await rename(`${file}.${process.pid}`, file);
    return file;
  } catch (error) {
    // Old authorities are better than none: a certificate they do not know is refused.
    if (
      await readFile(file).then(
        () => true,
        () => false,
      )
    )
      return file;
    throw refused(
      `The authorities of RDS's certificates cannot be had from ${addressOf(region)}: ${(error as Error).message}.`,
      "Without them nobody knows whose server answers. Fetch the file where you can, and name it: PGSSLROOTCERT=bundle.pem",
      "Or take whoever answers at the tunnel's end, encrypted all the same: PGSSLMODE=require",
    );
  }
}

async function fetchText(address: string): Promise<string> {
  const answer = await fetch(address, { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  const text = await answer.text();
  if (!text.includes("-----BEGIN CERTIFICATE-----")) throw new Error("what answered is no certificate");
  return text;
}
