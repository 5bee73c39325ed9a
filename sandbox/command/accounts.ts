import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ACCOUNTS } from "../world";

/**
 * Profiles of further accounts, for whoever is signed in to all: an AWS configuration with one for each account in which anything
 * was made, under its number.
 */
export class Accounts {
  /** AWS_CONFIG_FILE of the command: its own, since the access key is. */
  readonly file: string;
  private readonly known: Set<string>;

  /** @param accessKey what the stand-in endpoints ask for */
  constructor(
    sandbox: string,
    private readonly accessKey: string,
  ) {
    const folder = join(sandbox, ACCOUNTS);
    this.file = join(sandbox, `aws-config-${accessKey}`);
    this.known = new Set(existsSync(folder) ? readdirSync(folder) : []);
    this.write();
  }

  /** Variables that name each account's profile. */
  get variables(): Record<string, string> {
    return Object.fromEntries([...this.known].map((account) => [`AWS_PROFILE_${account}`, account]));
  }

  add(account: string): void {
    if (this.known.has(account)) return;
    this.known.add(account);
    this.write();
  }

  close(): void {
    rmSync(this.file, { force: true });
  }

  private write(): void {
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
