import { delimiter, join } from "node:path";

/** Variables that would lead Terraform to other files or arguments than the shim's. */
const DROPPED = ["TF_DATA_DIR", "TF_CLI_ARGS_init", "TF_PLUGIN_CACHE_DIR"];
const KEPT = new Set(["AWS_REGION", "AWS_DEFAULT_REGION"]);

export interface Isolation {
  /** Folder of the shim, which goes first on the path. */
  bin: string;
  /** The shim itself. */
  terraform: string;
  /** Folder of the account's world. */
  world: string;
  reattach: string;
  /** Where the stand-in endpoints listen, and the access key that they ask for; without them there are none. */
  api?: { readonly endpoint: string; readonly accessKey: string };
  /** Further accounts that the command is signed in to. */
  accounts?: { readonly file: string; readonly variables: Record<string, string> } | undefined;
  /** File that lists what was taken as there. */
  assumed?: string | undefined;
}

/** The endpoint of key-value stores: SDKs put the account's number in front of the name, which an address does not take. */
const STORES = "AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE";
const storesEndpoint = (endpoint: string) => endpoint.replace("127.0.0.1", "localhost");

/**
 * The command's environment: no real credentials, no AWS configuration of any kind, Terraform reaching the stand-in
 * provider, and the SDKs the stand-in endpoints. All AWS_* variables go but the region, because new ones that carry credentials keep being added.
 */
export function isolatedEnvironment(
  from: NodeJS.ProcessEnv,
  { bin, terraform, world, reattach, api, accounts, assumed }: Isolation,
): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(from)) {
    const secret = name.startsWith("AWS_") && !KEPT.has(name);
    if (!secret && !DROPPED.includes(name)) environment[name] = value;
  }
  const region = from.AWS_REGION ?? from.AWS_DEFAULT_REGION ?? "us-east-1";
  return {
    ...environment,
    ...(api ? { AWS_ENDPOINT_URL: api.endpoint, [STORES]: storesEndpoint(api.endpoint) } : {}),
    SANDBOX_WORLD: world,
    ...(assumed ? { SANDBOX_ASSUMED: assumed } : {}),
    AWS_ACCESS_KEY_ID: api?.accessKey ?? "AKIASANDBOXSANDBOX00",
    AWS_SECRET_ACCESS_KEY: "sandbox",
    ...accounts?.variables,
    AWS_CONFIG_FILE: accounts?.file ?? "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_REGION: region,
    // Version 1 of the AWS CLI knows only this one.
    AWS_DEFAULT_REGION: region,
    TF_CLI_CONFIG_FILE: "/dev/null",
    TF_REATTACH_PROVIDERS: reattach,
    CHECKPOINT_DISABLE: "1",
    TERRAFORM_BINARY_NAME: terraform,
    PATH: [bin, ...otherFolders(from.PATH)].join(delimiter),
  };
}

/** The folders of a PATH without any sandbox's own. */
export function otherFolders(path: string | undefined): string[] {
  return (path ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "" && !folder.endsWith(join(".sandbox", "bin")));
}
