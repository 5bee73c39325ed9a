import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { INSTALL, LEAST } from "../../terraform/binaries";
import { UsageError } from "./options";

/**
 * Makes sure that a terraform (or tofu) executable can do what the sandbox and its users rely on.
 * @throws UsageError where it is too old, or is no such thing
 */
export async function checkVersion(terraform: string): Promise<void> {
  const version = await versionOf(terraform);
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return;
  throw new UsageError(`${terraform} is version ${version}: ${INSTALL}`);
}

async function versionOf(terraform: string): Promise<string> {
  try {
    const env = { ...process.env, CHECKPOINT_DISABLE: "1", TF_CLI_CONFIG_FILE: "/dev/null" };
    const { stdout } = await promisify(execFile)(terraform, ["version", "-json"], { env });
    return JSON.parse(stdout).terraform_version;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
    throw new UsageError(`${terraform} does not say its version: install Terraform or OpenTofu (${reason})`);
  }
}
