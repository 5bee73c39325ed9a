import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { profileVariable } from "../terminal/profile";
import type { Aws } from "./aws/gateway";
import { refused } from "./errors";

interface Props {
  region?: unknown;
  account?: unknown;
}

interface Loaded {
  default?: { props?: Props & { name?: string; preset?: Props } };
}

/** Where an environment is, as its file says. */
export interface Written {
  /** The file, from the current folder: `environments/staging.ts` */
  readonly file: string;
  readonly region: string | undefined;
  readonly account: string | undefined;
}

/**
 * What the environment's file says of its place, where deploy runs beside it (`environments/staging.ts`); the account may
 * stand in the context of cdktf.json. Undefined without a file, or when it cannot be read: what is wrong with it,
 * `npx slipway synth` says.
 */
export function writtenPlace(environment: string): Written | undefined {
  const file = join("environments", `${environment}.ts`);
  const path = join(process.cwd(), file);
  if (!existsSync(path)) return undefined;
  try {
    const { name = environment, preset, ...props } = (require(path) as Loaded).default?.props ?? {};
    if (name !== environment) return undefined;
    const text = (value: unknown) => (typeof value === "string" ? value : undefined);
    return {
      file,
      region: text(props.region ?? preset?.region),
      account: text(props.account ?? preset?.account ?? accountOfAll()),
    };
  } catch {
    return undefined;
  }
}

/** The account of every environment whose file names none. */
function accountOfAll(): unknown {
  try {
    return JSON.parse(readFileSync(join(process.cwd(), "cdktf.json"), "utf8")).context?.account;
  } catch {
    return undefined;
  }
}

/**
 * Makes sure that the credentials are of the account that the environment's file names, before anything else is read.
 * @throws DeployError 1 where they are of another
 */
export async function refuseOtherAccount(aws: Pick<Aws, "caller">, environment: string): Promise<void> {
  const written = writtenPlace(environment);
  if (written?.account === undefined) return;
  const { account, arn } = await aws.caller();
  if (account === written.account) return;
  throw refused(
    `${written.file} says account ${written.account}, and the credentials are of ${account} (${arn}): nothing was read.`,
    `Sign in to ${written.account}: set AWS_PROFILE or ${profileVariable(written.account)}, or the job's role.`,
  );
}
