import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { startAccount } from "../../sandbox/aws/account";
import { readContents, versionsIn } from "../../sandbox/aws/objects";
import { World } from "../../sandbox/world";
import { inside, sandbox, temporaryFolder } from "./helpers";

vi.setConfig({ testTimeout: 60_000 });

const INIT = "terraform init -no-color -input=false";
const APPLY = "terraform apply -no-color -input=false -auto-approve";
const BUCKET = ["--with", "s3_bucket:states@eu-west-1"];

/** A configuration as a person writes it, with one value in its state. */
function write(folder: string, backend: string, value = "one"): void {
  const body = `terraform {\n${backend}\n}\nresource "terraform_data" "it" {\n  input = "${value}"\n}\n`;
  writeFileSync(join(folder, "main.tf"), body);
}

const s3 = (more = "") =>
  `  backend "s3" {\n    bucket = "states"\n    key    = "app"\n    region = "eu-west-1"\n    use_lockfile = true\n${more}\n  }`;

/** What states in the bucket hold, by key. */
function states(folder: string): Record<string, unknown> {
  const world = new World(join(folder, ".sandbox"), startAccount);
  const read = (file: string) => JSON.parse(readContents(world, "states", file).toString("utf8"));
  return Object.fromEntries(
    versionsIn(world, "states").map(({ key, file }) => [
      key,
      read(file).resources[0].instances[0].attributes.input.value,
    ]),
  );
}

test("settings that lead elsewhere never reach the backend", async () => {
  const folder = temporaryFolder();
  let asked = 0;
  const elsewhere = createServer((_, response) => {
    asked++;
    response.writeHead(403).end();
  });
  await new Promise<void>((ready) => {
    elsewhere.listen(0, "127.0.0.1", ready);
  });
  onTestFinished(() => void elsewhere.close());
  const url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
  write(
    folder,
    s3(`    # bucket = "commented-out"
    profile    = "production"
    access_key = "AKIAREAL"
    endpoints  = { s3 = "${url}", sts = "${url}" }
    assume_role = {
      role_arn = "arn:aws:iam::1:role/real"
      region   = "us-east-2"
    }`),
  );
  const init = `${INIT} -backend-config=access_key=AKIAREAL -backend-config endpoints.s3=${url}`;
  const { code, text } = await inside(folder, `${init} && ${APPLY}`, BUCKET);
  expect(code, text).toBe(0);
  expect(states(folder)).toEqual({ app: "one" });
  expect(asked).toBe(0);
});

test("settings given to init are kept: values, and files beside the configuration or elsewhere", async () => {
  const folder = temporaryFolder();
  const infra = join(folder, "infra");
  mkdirSync(infra);
  writeFileSync(join(folder, "cdktf.json"), "{}");
  write(infra, '  backend "s3" {}');
  writeFileSync(join(infra, "here.tfbackend"), 'bucket = "states" # ours\nregion = "eu-west-1"\n');
  writeFileSync(join(folder, "there.tfbackend"), 'use_lockfile = true\nprofile = "production"\n');
  const settings =
    "-backend-config=here.tfbackend -backend-config ../there.tfbackend -backend-config=key=given";
  const terraform = (line: string) => line.replaceAll("terraform", "terraform -chdir=infra");
  const first = await inside(folder, terraform(`${INIT} ${settings} && ${APPLY}`), BUCKET);
  expect(first.code, first.text).toBe(0);
  expect(states(folder)).toEqual({ given: "one" });
  // Later commands remember them.
  const plan = await inside(folder, terraform("terraform plan -no-color -detailed-exitcode"));
  expect(plan.code, plan.text).toBe(0);
  expect((await inside(folder, terraform(`${INIT} -backend-config=none.tfbackend`))).text).toContain(
    "none.tfbackend",
  );
});

test("without the bucket a state is local; once there is one, init finds it by itself if nothing was applied", async () => {
  const folder = temporaryFolder();
  write(folder, s3());
  const plan = "terraform plan -no-color -input=false";
  const offline = await inside(folder, `${INIT} && ${plan}`);
  expect(offline.code, offline.text).toBe(0);
  expect(offline.text).toContain("1 to add");
  const early = await inside(folder, plan, BUCKET);
  expect(early.text).toContain("Backend initialization required");
  const online = await inside(folder, `${INIT} && ${APPLY}`);
  expect(online.code, online.text).toBe(0);
  expect(states(folder)).toEqual({ app: "one" });
  write(folder, s3().replace('"app"', '"moved"'));
  expect((await inside(folder, plan)).text).toContain("Backend initialization required");
});

test("a local state that holds something is Terraform's to ask about", async () => {
  const folder = temporaryFolder();
  write(folder, s3());
  await inside(folder, `${INIT} && ${APPLY}`);
  const asked = await inside(folder, INIT, BUCKET);
  expect(asked.code).toBe(1);
  expect(asked.text).toContain("-migrate-state");
  const moved = await inside(folder, `${INIT} -migrate-state -force-copy`);
  expect(moved.code, moved.text).toBe(0);
  expect(states(folder)).toEqual({ app: "one" });
});

test("a world that is forgotten leaves no memory of its bucket", async () => {
  const folder = temporaryFolder();
  write(folder, s3());
  await inside(folder, `${INIT} && ${APPLY}`, BUCKET);
  const again = await inside(folder, `${INIT} && terraform plan -no-color`, ["--reset"]);
  expect(again.code, again.text).toBe(0);
  expect(again.text).toContain("1 to add");
});

test("a bucket that somebody deleted is missed, and one in another region is not found", async () => {
  const folder = temporaryFolder();
  write(folder, s3());
  await inside(folder, INIT, BUCKET);
  const gone = await inside(folder, APPLY, ["--delete", "s3_bucket/states"]);
  expect(gone.code).toBe(1);
  expect(gone.text).toMatch(/NoSuchBucket|S3 bucket "states" does not\s+exist/);
  const abroad = await inside(folder, INIT, ["--reset", "--with", "s3_bucket:states@us-west-2"]);
  expect(abroad.code).toBe(1);
  expect(abroad.text).toContain("301");
});

test("another configuration reads the state's outputs", async () => {
  const folder = temporaryFolder();
  write(folder, s3());
  writeFileSync(join(folder, "outputs.tf"), 'output "answer" {\n  value = terraform_data.it.output\n}\n');
  const reader = join(folder, "reader");
  mkdirSync(reader);
  writeFileSync(
    join(reader, "main.tf"),
    `data "terraform_remote_state" "app" {
  backend = "s3"
  config  = { bucket = "states", key = "app", region = "eu-west-1" }
}
output "read" {
  value = data.terraform_remote_state.app.outputs.answer
}
`,
  );
  const lines = [INIT, APPLY, `cd reader`, INIT, APPLY].join(" && ");
  const { code, text } = await inside(folder, lines, BUCKET);
  expect(code, text).toBe(0);
  expect(text).toContain('read = "one"');
});

test("the repository that is there at first gives way to one that is applied; --empty begins without it", async () => {
  const folder = temporaryFolder();
  const shown = async (...options: string[]) => (await sandbox(folder, [...options, "--show"])).stdout;
  const repository =
    'provider "aws" {\n  region = "eu-west-1"\n}\nresource "aws_ecr_repository" "app" {\n  name = "app"\n}\n';
  writeFileSync(
    join(folder, "main.tf"),
    `terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n${repository}`,
  );
  expect(await shown("--empty")).toBe("Nothing exists.\n");
  const made = await inside(folder, `${INIT} && ${APPLY}`);
  expect(made.code, made.text).toBe(0);
  expect(await shown()).toMatch(/^aws_ecr_repository +eu-west-1 +app +app\n1 objects\n$/);

  const late = await sandbox(folder, ["--reset", "true"]);
  expect(late.code).toBe(0);
  const again = await inside(folder, `${INIT} && ${APPLY}`);
  expect(again.code, again.text).toBe(0);
  expect(await shown()).toMatch(
    /^aws_ecr_repository +eu-west-1 +app +app\naws_route53_zone .* example\.com +\(person\)\n2 objects\n$/,
  );
  const refused = await sandbox(folder, ["--empty", "true"]);
  expect(refused.code).toBe(64);
  expect(refused.stderr).toContain("--empty begins a world");
  expect(await shown("--reset", "--empty")).toBe("Nothing exists.\n");
});
