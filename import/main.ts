/** slipway import: an environment's file, written from what runs elsewhere. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { exitCodesOf } from "../terminal/exit-codes";
import { createCommand, start } from "../terminal/program";
import { environmentFile, provable, remarksOn, type Wanted } from "./environment";
import { type Found, ImportError } from "./found";
import { readHeroku } from "./heroku";
import { report, write } from "./write";

const HELP = `
Examples:
  slipway import heroku app.json
  slipway import heroku ../shop --name prod --region eu-west-1
  slipway import heroku app.json --origin https://shop-1a2b3c.herokuapp.com
    --domain app.example.com --zone example.com
  slipway import app-runner arn:aws:apprunner:… --zone example.com
  slipway import express arn:aws:ecs:… --domain app.example.com --zone example.com

A file that is there is never written over. Values that may be secrets are not read into it.

${exitCodesOf("import")}

Credentials and AWS_ENDPOINT_URL are taken as the AWS CLI takes them, regions from ARNs.`;

interface MoveOptions {
  readonly origin?: string;
}

interface HerokuOptions extends Wanted, MoveOptions {
  readonly procfile?: string;
  readonly port: number;
  readonly health?: string;
}

// The AWS SDK is loaded when something of AWS is read.
const appRunner = () => require("./app-runner") as typeof import("./app-runner");
const express = () => require("./express") as typeof import("./express");

const append = (value: string, values: readonly string[]) => [...values, value];

const program = createCommand("slipway import")
  .description("Writes an environment's file from what runs elsewhere, and changes nothing there.")
  .addHelpText("after", HELP);

withCommonOptions(
  program
    .command("heroku")
    .description("from an app.json, and the Procfile or heroku.yml beside it")
    .argument("<file>", "app.json or heroku.yml, or the folder that they are in"),
)
  .option("--procfile <file>", "where the Procfile is (default: beside it)")
  .option("--port <port>", "what web listens on, told to it as PORT", portNumber, 8080)
  .option("--health <path>", "where web says that it is well")
  .option("--origin <url>", "the address that Heroku gave the app: for a move of what is served there")
  .action((file: string, options: HerokuOptions) => {
    checkOptions(options);
    done(heroku(file, options), options);
  });

withCommonOptions(
  program
    .command("app-runner")
    .description("from a service of App Runner's")
    .argument("<arn>", "the service's ARN"),
).action((arn: string, options: Wanted) => {
  checkOptions(options);
  return appRunner()
    .readAppRunner(arn, options.domain)
    .then((found) => done(found, options));
});

withCommonOptions(
  program
    .command("express")
    .description("from a service of ECS Express Mode")
    .argument("<arn>", "the service's ARN"),
).action((arn: string, options: Wanted) => {
  checkOptions(options);
  return express()
    .readExpress(arn, options.domain)
    .then((found) => done(found, options));
});

/** What every kind of import is told. */
function withCommonOptions(command: Command): Command {
  return command
    .option("--name <environment>", "the environment's name (default: the application's)")
    .option("--region <region>", "of AWS")
    .option(
      "--registry <repository>",
      "the ECR repository of its images (default: by the application's name)",
    )
    .option("--domain <name>", "the host name that people type")
    .option("--zone <zone>", "the Route 53 zone of that")
    .option(
      "--certificate <arn>",
      "where it has no zone: ACM's for it, in us-east-1 and in the region",
      append,
      [],
    );
}

function heroku(file: string, options: HerokuOptions): Found {
  if (!existsSync(file)) throw new ImportError([`There is no file ${file}.`]);
  const isFolder = statSync(file).isDirectory();
  const folder = isFolder ? file : dirname(file);
  const { procfile } = options;
  if (procfile !== undefined && !existsSync(procfile))
    throw new ImportError([`There is no file ${procfile}.`]);
  const isYml = /\.ya?ml$/.test(file);
  const files = {
    appJson: textOf(isFolder || isYml ? join(folder, "app.json") : file),
    procfile: textOf(procfile ?? join(folder, "Procfile")),
    herokuYml: textOf(isYml ? file : join(folder, "heroku.yml")),
  };
  if (Object.values(files).every((text) => text === undefined))
    throw new ImportError([`${folder} has no app.json, heroku.yml or Procfile.`]);
  return readHeroku(files, options);
}

const textOf = (file: string): string | undefined => (existsSync(file) ? read(file) : undefined);

/** @throws ImportError where it is no file that can be read */
function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new ImportError([`${file} cannot be read: ${(error as Error).message}.`]);
  }
}

/** @throws ImportError where one option asks for another */
function checkOptions(options: Wanted & MoveOptions): void {
  const { origin, domain } = options;
  if (origin !== undefined && domain === undefined)
    throw new ImportError(["--origin is for a move of the name that people type: say that with --domain."]);
  if (domain !== undefined && !provable(options))
    throw new ImportError([
      `--domain: who ${domain} belongs to must be proved: say its Route 53 zone with --zone or, where its records are kept elsewhere, a certificate of ACM's with --certificate.`,
    ]);
}

function done(found: Found, wanted: Wanted): void {
  const project = process.cwd();
  const file = environmentFile(found, wanted, project);
  write(file, project);
  process.stdout.write(report(file, [...found.remarks, ...remarksOn(found, wanted)], found));
}

function portNumber(typed: string): number {
  const port = Number(typed);
  if (!Number.isInteger(port) || port < 1 || port > 65535)
    throw new InvalidArgumentError("Give a whole number from 1 to 65535.");
  return port;
}

// Whoever reads along may stop early (`… | head`): the file is written by then.
process.stdout.on("error", () => {});

/** The promise that settles once the command has ended. */
export const ended = start(program, process.argv.slice(2), "import").catch((error: Error) => {
  if (!(error instanceof ImportError)) throw error;
  process.stderr.write(error.message);
  process.exitCode = 1;
});
