import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ACCOUNTS } from "../world";

/**
 * Profiles of further accounts, for whoever is signed in to all: an AWS configuration with one for each account in which anything
 * was made, under its number.
 */
export class Accounts {
  /** AWS_CONFIG_FILE of the command. */
  readonly file: string;
  private readonly known: Set<string>;
  private accessKey: string | undefined;

  constructor(sandbox: string) {
    const folder = join(sandbox, ACCOUNTS);
    this.file = join(sandbox, "aws-config");
    this.known = new Set(existsSync(folder) ? readdirSync(folder) : []);
  }

  /** Variables that name each account's profile. */
  get variables(): Record<string, string> {
    return Object.fromEntries([...this.known].map((account) => [`AWS_PROFILE_${account}`, account]));
  }

  /** Writes the profiles, once the stand-in endpoints ask for this access key. */
  open(accessKey: string): void {
    this.accessKey = accessKey;
    this.write();
  }

  add(account: string): void {
    if (this.known.has(account)) return;
    this.known.add(account);
    this.write();
  }

  private write(): void {
    if (this.accessKey === undefined) return;
    const profiles = [...this.known].map(
      (account) =>
        `[profile ${account}]\naws_access_key_id = ${this.accessKey}${account}\naws_secret_access_key = sandbox\n`,
    );
    writeFileSync(this.file, profiles.join("\n"), { mode: 0o600 });
  }
}

/** Whether the command that runs is signed in to an account beside its own. */
export const hasProfile = (account: string, { AWS_CONFIG_FILE }: NodeJS.ProcessEnv): boolean =>
  AWS_CONFIG_FILE !== undefined &&
  existsSync(AWS_CONFIG_FILE) &&
  readFileSync(AWS_CONFIG_FILE, "utf8").includes(`[profile ${account}]`);
