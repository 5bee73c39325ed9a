import { type Fields, isRecord, UNKNOWN } from "../wire/value";
import { type Diagnostic, problem } from "./diagnostics";

/** What a provider block says that matters here. */
export interface Settings {
  region: string;
  tags: Record<string, string>;
}

const REGION = /^[a-z]{2}(-[a-z]+)+-\d$/;

/** The one account that a provider block allows, as its environment's file names it; undefined where it allows any, or several. */
export function onlyAllowed(config: Fields): string | undefined {
  const allowed = list(config.allowed_account_ids);
  return allowed.length === 1 && /^\d{12}$/.test(allowed[0] ?? "") ? allowed[0] : undefined;
}

/** Reads the provider's configuration as the real one does: region from the block or the environment, account guards. */
export function configure(
  config: Fields,
  account: string,
): { settings: Settings; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const region = String(config.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? "");
  if (config.region !== UNKNOWN && !REGION.test(region)) {
    diagnostics.push(problem("Invalid AWS Region", `Invalid AWS Region: ${region || "(none)"}`, "region"));
  }
  const allowed = list(config.allowed_account_ids);
  const forbidden = list(config.forbidden_account_ids);
  if ((allowed.length > 0 && !allowed.includes(account)) || forbidden.includes(account)) {
    diagnostics.push(problem(`AWS account ID not allowed: ${account}`, ""));
  }
  const block = Array.isArray(config.default_tags) ? config.default_tags[0] : undefined;
  const tags: Record<string, string> = {};
  if (isRecord(block) && isRecord(block.tags)) {
    for (const [name, value] of Object.entries(block.tags)) if (typeof value === "string") tags[name] = value;
  }
  return { settings: { region, tags }, diagnostics };
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
