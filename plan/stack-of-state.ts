import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "./error";
import type { Stack } from "./stacks";
import { type FoundState, managed, type Synthesized, synthesizedOf } from "./states";

/**
 * A stack with nothing in it, in place of the one whose file is gone: Terraform needs no more than a backend and providers to
 * destroy what is in a state.
 * @throws CommandError where the state does not say where its resources are
 */
export function stackOfState(found: FoundState, project: string): Stack {
  const { name } = found;
  const { terraform: like, provider } = synthesizedOf(found.beside) ?? {};
  const folder = join(project, "cdktf.out", "stacks", name);
  // What an older synthesis left there is of a file that is gone.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const providers = providersOf(found);
  const configuration = {
    terraform: {
      backend: backendOf(name, like?.backend),
      required_providers: Object.fromEntries(
        providers.map(({ local, source }) => [local, like?.required_providers[local] ?? { source }]),
      ),
    },
    provider: providerBlocks(providers, provider?.aws[0]?.allowed_account_ids),
  };
  writeFileSync(join(folder, "cdk.tf.json"), JSON.stringify(configuration, null, 2));
  return { name, folder };
}

/** The same backend as the others', with this stack's own key. */
function backendOf(name: string, backend: Synthesized["terraform"]["backend"] | undefined) {
  if (backend?.s3 === undefined) return { local: { path: `../../../terraform.${name}.tfstate` } };
  return { s3: { ...backend.s3, key: `${name}.tfstate` } };
}

interface Provider {
  readonly local: string;
  /** `registry.terraform.io/hashicorp/aws` */
  readonly source: string;
  readonly alias?: string;
  readonly region?: string;
}

/** As a state names them: `provider["registry.terraform.io/hashicorp/aws"].alias`. */
const PROVIDER = /^provider\["([^"]+)"\](?:\.(.+))?$/;

/** The providers that the state's resources are of, each with the region that their ARNs name. */
function providersOf({ name, state }: FoundState): Provider[] {
  const resources = managed(state);
  return [...new Set(resources.map(({ provider }) => provider))].flatMap((whole): Provider[] => {
    const [, source = "", alias] = PROVIDER.exec(whole) ?? [];
    // Terraform's own has no configuration, and is in no registry.
    if (source.endsWith("/builtin/terraform")) return [];
    const local = source.split("/").at(-1) ?? source;
    const own = { local, source, ...(alias !== undefined && { alias }) };
    if (local !== "aws") return [own];
    const regions = resources
      .filter(({ provider }) => provider === whole)
      .flatMap(({ attributes }) => /^arn:[\w-]+:[\w-]+:([\w-]+):/.exec(String(attributes.arn))?.[1] ?? []);
    const region = mostFrequent(regions);
    if (region !== undefined) return [{ ...own, region }];
    throw new CommandError(
      `The state of ${name} does not say in which region its resources are: no ARN in it names one. Put environments/${name}.ts back, then run this again.`,
    );
  });
}

function mostFrequent(words: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

/** @param accounts those in which AWS's may act: where the state lies, its resources are */
function providerBlocks(providers: readonly Provider[], accounts: readonly string[] | undefined) {
  const blocks: Record<string, object[]> = {};
  for (const { local, alias, region } of providers) {
    blocks[local] ??= [];
    const allowed = local === "aws" && accounts ? { allowed_account_ids: accounts } : {};
    blocks[local].push({ ...(alias && { alias }), ...(region && { region }), ...allowed });
  }
  return blocks;
}
