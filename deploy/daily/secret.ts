import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import type { Contract, ServiceContract } from "../../modules/contract";
import type { AppRunnerServiceContract } from "../../modules/contract/app-runner";
import type { DailyAws } from "../aws/daily";
import { chosenServices } from "../choose";
import type { Done } from "../end";
import { refused } from "../errors";
import { parameterName } from "../facts";
import { isPlaceholder } from "../placeholder";
import { confirmed } from "./confirm";
import type { Daily, DailyOptions } from "./session";

/** One secret of one service. */
interface Secret {
  service: string;
  variable: string;
  parameter: string;
  /** Whether it is of the other of two databases, and no task reads it now. */
  spare: boolean;
}

/** What of a contract tells of secrets. */
interface SecretsContract extends Pick<Contract, "environment" | "key" | "tags"> {
  readonly services: readonly (Pick<ServiceContract, "name" | "secrets" | "secretFolder" | "otherSecrets"> &
    Pick<AppRunnerServiceContract, "existing">)[];
}

/** `missing`: nobody has set it yet. `placeholder`: nor here, where an older Slipway made the parameter. */
type State = "set" | "placeholder" | "missing";

export interface SecretOptions extends DailyOptions {
  /** Names from the environment file; all that have the variable by default. */
  service: string[];
}

/** What a String of the Standard tier holds, in bytes. Source: "Managing parameter tiers", Systems Manager. */
const LARGEST = 4_096;

const secretsOf = (contract: SecretsContract, services: readonly string[]): Secret[] =>
  chosenServices(contract, services).flatMap(({ name: service, secrets, otherSecrets = {} }) => {
    const all = (of: Readonly<Record<string, string>>, spare: boolean) =>
      Object.entries(of).map(([variable, reference]) => ({
        service,
        variable,
        parameter: parameterName(reference),
        spare,
      }));
    return [...all(secrets, false), ...all(otherSecrets, true)];
  });

/** The secrets of this name: several services may have one each. */
function named(contract: SecretsContract, variable: string, { service }: SecretOptions): Secret[] {
  const all = secretsOf(contract, service);
  const found = all.filter((one) => one.variable === variable);
  if (found.length > 0) return found;
  const known = [...new Set(all.map((one) => one.variable))].join(", ") || "none";
  throw refused(
    `No service${service.length > 0 ? ` of ${service.join(", ")}` : ""} in ${contract.environment} has a secret ${variable}. There are: ${known}.`,
    ...waysToHave(contract, variable, service),
  );
}

/** What gives services one secret more: what somebody else makes takes none from its environment's file. */
function waysToHave(contract: SecretsContract, variable: string, names: readonly string[]): string[] {
  const chosen = chosenServices(contract, names);
  const existing = chosen.filter((one) => one.existing).map(({ name }) => name);
  const { environment } = contract;
  return [
    ...(existing.length < chosen.length
      ? [
          `To have it, list ${variable} among the service's secrets in environments/${environment}.ts, then npx slipway apply ${environment}. To write it before that apply: --new, with --service`,
        ]
      : []),
    ...existing.map(
      (name) =>
        `${name} is made by somebody else, and no apply of ${environment} gives it a secret: set it where the service is made.`,
    ),
  ];
}

/** A secret that an apply is still to give to the named services; one that they have already is that one. */
function ahead(contract: SecretsContract, variable: string, { service }: SecretOptions): Secret[] {
  if (service.length === 0)
    throw refused(
      `--new writes ${variable} before any service has it, so nobody knows whose it will be.`,
      "Name the service: --service web",
    );
  if (!/^[A-Za-z_]\w*$/.test(variable))
    throw refused(
      `${JSON.stringify(variable)} is no name of a variable.`,
      "It has letters, digits and _ only, and begins with no digit.",
    );
  return chosenServices(contract, service).map(({ name, secrets, secretFolder, existing }) => {
    if (existing)
      throw refused(
        `${name} is made by somebody else, and no apply of ${contract.environment} gives it a secret.`,
        "Set it where the service is made.",
      );
    if (secretFolder === undefined)
      throw refused(
        `${contract.environment} was applied by an older Slipway, which made parameters itself.`,
        `npx slipway apply ${contract.environment}, then set it.`,
      );
    const parameter = secrets[variable] ?? `${secretFolder}${variable}`;
    return { service: name, variable, parameter: parameterName(parameter), spare: false };
  });
}

/** Each once: services share the URL of a database that is elsewhere. */
const parametersOf = (secrets: readonly Secret[]) => [...new Set(secrets.map(({ parameter }) => parameter))];

const titles = (secrets: readonly Secret[]) =>
  secrets.map(({ service, variable }) => `${service}.${variable}`).join(", ");

/** A new value, from the terminal or from standard input, for each service that has the variable. */
export async function setSecret(
  day: Daily<SecretsContract>,
  variable: string,
  options: SecretOptions & { new?: boolean },
): Promise<Done> {
  const { contract, aws } = day;
  const secrets = (options.new ? ahead : named)(contract, variable, options);
  const parameters = parametersOf(secrets);
  const known = await aws.describeParameters(parameters);
  const value = await readValue(day, `Value of ${titles(secrets)}`);
  const { key, tags = { environment: contract.environment } } = contract;
  for (const name of parameters) await aws.putSecret({ name, value, known: known.get(name), key, tags });
  const what = { environment: contract.environment, set: parameters };
  if (options.json) await day.print(`${JSON.stringify(what)}\n`);
  return { text: `✓ ${titles(secrets)} set. ${whoReads(contract, secrets)}` };
}

/** When a new value is read: what somebody else makes is not given it, and its migrations are. */
function whoReads({ services }: SecretsContract, secrets: readonly Secret[]): string {
  const ours = new Set(services.flatMap(({ name, existing }) => (existing ? [] : [name])));
  return secrets.some(({ service }) => ours.has(service))
    ? "Running tasks keep the old value: they read it when they start, so deploy."
    : "Migrations read it with the next deploy; what runs has its own, where the service is made.";
}

/** One value that is never shown: typed without echo, or piped; one line feed at its end is not part of it. */
async function readValue(day: Daily<SecretsContract>, prompt: string): Promise<string> {
  const typed = day.stdin.isTTY ? await readTyped(day, prompt) : await readPiped(day);
  const value = typed.replace(/\r?\n$/, "");
  if (value === "")
    throw refused(
      "Nothing was given, and nothing was changed.",
      "Type the value, or pipe it: … | npx slipway secret set …",
    );
  const bytes = Buffer.byteLength(value);
  if (bytes > LARGEST)
    throw refused(
      `The value has ${bytes} bytes; a parameter holds ${LARGEST}.`,
      "Put a file into a bucket, and its name here.",
    );
  return value;
}

function readTyped({ stdin, stderr, signal }: Daily<SecretsContract>, prompt: string): Promise<string> {
  stderr.write(`${prompt} (not shown): `);
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output: nowhere, terminal: true, signal });
  return new Promise((resolve, reject) => {
    reader.once("line", (line) => resolve(line));
    // Without echo the terminal makes no signal of Ctrl-C: the reader closes.
    reader.once("SIGINT", () => reader.close());
    reader.once("close", () => reject(refused("Nothing was given, and nothing was changed.")));
  }).finally(() => {
    reader.removeAllListeners("close");
    reader.close();
    stderr.write("\n");
  }) as Promise<string>;
}

async function readPiped({ stdin }: Daily<SecretsContract>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Buffer | string));
  return Buffer.concat(chunks).toString("utf8");
}

/** Every secret with its state, without any value. */
export async function listSecrets(day: Daily<SecretsContract>, options: SecretOptions): Promise<Done> {
  const secrets = await withStates(day.aws, secretsOf(day.contract, options.service));
  if (options.json) {
    await day.print(`${JSON.stringify(secrets)}\n`);
    return { text: "" };
  }
  if (secrets.length === 0) return { text: `${day.contract.environment} has no secrets.` };
  const width = Math.max(...secrets.map((secret) => titles([secret]).length));
  for (const secret of secrets) {
    const { state, changed, spare } = secret;
    const use = spare ? ", read once `use` names the database that is elsewhere" : "";
    const when = state === "set" && changed ? ` ${changed.slice(0, 10)}` : "";
    const mark = state === "set" ? day.colors.green("✓") : day.colors.yellow("!");
    await day.print(`${mark} ${titles([secret]).padEnd(width)}  ${state}${when}${use}\n`);
  }
  const open = secrets.filter(({ state, spare }) => state !== "set" && !spare);
  return {
    text:
      open.length > 0
        ? `${open.length} of ${secrets.length} are not set: deploy refuses until they are.`
        : "",
  };
}

async function withStates(aws: DailyAws, secrets: readonly Secret[]) {
  const known = await aws.describeParameters(secrets.map(({ parameter }) => parameter));
  return secrets.map((secret) => {
    const found = known.get(secret.parameter);
    const state: State = !found ? "missing" : isPlaceholder(found) ? "placeholder" : "set";
    return { ...secret, state, changed: found?.LastModifiedDate?.toISOString() ?? null };
  });
}

/** Deletes the parameter, with all values that it ever had. */
export async function unsetSecret(
  day: Daily<SecretsContract>,
  variable: string,
  options: SecretOptions & { yes?: boolean },
): Promise<Done> {
  const { contract, aws } = day;
  const secrets = named(contract, variable, options);
  const consequence = `Tasks of ${[...new Set(secrets.map(({ service }) => service))].join(", ")} that start before it is set again will fail.`;
  if (!options.yes && !(await confirmed(day, `${consequence} Delete ${titles(secrets)} and all old values?`)))
    throw refused(`Nothing was deleted. ${consequence}`, "--yes says that this is meant.");
  const known = await aws.describeParameters(secrets.map(({ parameter }) => parameter));
  for (const parameter of parametersOf(secrets))
    if (known.has(parameter)) await aws.deleteParameter(parameter);
  if (options.json)
    await day.print(`${JSON.stringify({ environment: contract.environment, unset: [...known.keys()] })}\n`);
  return {
    text: `✓ ${titles(secrets)} deleted. npx slipway secret set ${contract.environment} ${variable} makes it again.`,
  };
}

/** The secrets that two environments do not have alike: by name, never by value. */
export async function diffSecrets(
  day: Daily<SecretsContract>,
  otherName: string,
  options: SecretOptions,
): Promise<Done> {
  const other = await day.other(otherName);
  const sides = await Promise.all(
    [day, other].map(async ({ contract, aws }) => {
      const secrets = await withStates(aws, secretsOf(contract, []));
      return {
        name: contract.environment,
        states: new Map(secrets.map((one) => [titles([one]), one.state])),
      };
    }),
  );
  const [left, right] = sides as [(typeof sides)[number], (typeof sides)[number]];
  const names = [...new Set([...left.states.keys(), ...right.states.keys()])].sort();
  const rows = names.map((name) => ({
    secret: name,
    [left.name]: left.states.get(name) ?? "none",
    [right.name]: right.states.get(name) ?? "none",
  }));
  const different = rows.filter((row) => row[left.name] !== row[right.name]);
  if (options.json) {
    await day.print(`${JSON.stringify(different)}\n`);
    return { text: "" };
  }
  for (const row of different)
    await day.print(`${row.secret}: ${left.name} ${row[left.name]}, ${right.name} ${row[right.name]}\n`);
  const alike = `${names.length - different.length} of ${names.length} secrets are in the same state; values were not compared.`;
  return { text: alike };
}
