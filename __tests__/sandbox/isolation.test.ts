import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { isolatedEnvironment } from "../../sandbox/command/isolation";
import { configure, filesIn, insideProcess, sandbox, sandboxProcess, temporaryFolder } from "./helpers";

vi.setConfig({ testTimeout: 60_000 });

const real = {
  AWS_ACCESS_KEY_ID: "AKIAREALREALREALREAL",
  AWS_SECRET_ACCESS_KEY: "real-secret",
  AWS_SESSION_TOKEN: "real-token",
  AWS_PROFILE: "production",
  AWS_WEB_IDENTITY_TOKEN_FILE: "/token",
  AWS_ROLE_ARN: "arn:aws:iam::1:role/real",
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/credentials",
  AWS_REGION: "eu-central-1",
  TF_DATA_DIR: "/elsewhere",
};

test("no credential of any kind reaches the command, and the region does", () => {
  const made = isolatedEnvironment(
    { ...real, PATH: "/bin", KEPT: "yes" },
    { bin: "/x/bin", terraform: "/x/bin/terraform", world: "/x", reattach: "{}" },
  );
  expect(JSON.stringify(made)).not.toMatch(/real|production|elsewhere/i);
  expect(made).toMatchObject({
    KEPT: "yes",
    AWS_REGION: "eu-central-1",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
  });
  expect(made.PATH).toBe("/x/bin:/bin");
  expect(isolatedEnvironment({}, { bin: "/x", terraform: "t", world: "/w", reattach: "{}" }).AWS_REGION).toBe(
    "us-east-1",
  );
});

test("a sandbox inside a sandbox finds the real terraform behind the outer one", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "inner"));
  writeFileSync(join(folder, "inner/cdktf.json"), "{}");
  const line = `cd inner && ${process.execPath} --require ${require.resolve("slipway/typescript")} ${join(__dirname, "../../sandbox/main.ts")} sh -c 'terraform version | head -1; command -v terraform'`;
  const { stdout } = await insideProcess(folder, line);
  expect(stdout).toMatch(/Terraform v|OpenTofu v/);
  expect(readFileSync(join(folder, "inner/.sandbox/bin/terraform"), "utf8")).not.toMatch(
    /^real=.*\.sandbox/m,
  );
});

test("a configured backend is never reached, and the configuration's folder stays as it was", async () => {
  const folder = temporaryFolder();
  let asked = 0;
  const backend = createServer((_, response) => {
    asked++;
    response.writeHead(500).end();
  });
  await new Promise<void>((ready) => {
    backend.listen(0, "127.0.0.1", ready);
  });
  const endpoint = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  const stack = join(folder, "cdktf.out/stacks/staging");
  configure(stack, {
    terraform: {
      backend: {
        s3: { bucket: "real-state", key: "staging", region: "eu-west-1", endpoints: { s3: endpoint } },
      },
    },
    resource: { aws_sqs_queue: { q: { name: "q" } } },
  });
  const before = filesIn(join(folder, "cdktf.out"));
  const chdir = `-chdir=${stack}`;
  const { text, code } = await insideProcess(
    folder,
    `terraform ${chdir} init -backend-config=bucket=other >/dev/null && terraform ${chdir} plan -out plan >/dev/null && terraform ${chdir} apply -no-color plan && terraform ${chdir} providers lock -platform=linux_amd64`,
  );
  backend.close();
  expect(text).toContain("1 added");
  expect(code).toBe(0);
  expect(asked).toBe(0);
  expect(filesIn(join(folder, "cdktf.out"))).toEqual(before);
  expect(existsSync(join(folder, ".sandbox/state/staging.tfstate"))).toBe(true);
});

test("files that vanish from the configuration vanish from the copy", async () => {
  const folder = temporaryFolder();
  configure(folder, {});
  writeFileSync(join(folder, "more.tf"), 'output "more" {\n  value = "more"\n}\n');
  const plan = "terraform plan -no-color";
  const script = `terraform init >/dev/null && ${plan} && rm more.tf && echo SECOND && ${plan}`;
  const [first, second] = (await insideProcess(folder, script)).text.split("SECOND");
  expect(first).toContain('+ more = "more"');
  expect(second).toContain("No changes");
});

test("exit code, input and signals are the command's, and nothing is left behind", async () => {
  const folder = temporaryFolder();
  expect((await insideProcess(folder, "exit 7")).code).toBe(7);
  expect((await sandboxProcess(folder, ["cat"], { input: "through" })).stdout).toBe("through");
  expect((await insideProcess(folder, "kill -TERM $$")).code).toBe(143);
  const interrupted = await insideProcess(
    folder,
    "trap 'echo caught; exit 9' TERM; kill -TERM $PPID; while :; do :; done",
  );
  expect(interrupted).toMatchObject({ code: 9, stdout: "caught\n" });
  const absent = await sandboxProcess(folder, ["no-such-command"]);
  expect(absent.code).toBe(127);
  expect(absent.stderr).toContain("no such command");
  const temporary = temporaryFolder();
  const listing = ["sh", "-c", "ls $TMPDIR; kill -TERM $PPID; exit 3"];
  const listed = await sandboxProcess(folder, listing, { env: { TMPDIR: temporary } });
  expect(listed.stdout).toMatch(/^sbx-/m);
  expect(readdirSync(temporary).filter((name) => name.startsWith("sbx-"))).toEqual([]);
});

test("it says that it is a sandbox, in one line, and a bad option is one error", async () => {
  const folder = temporaryFolder();
  const { stderr, stdout } = await sandbox(folder, ["true"], { NO_COLOR: "1" });
  expect(stdout).toBe("");
  expect(stderr).toBe(`sandbox: no real AWS, stand-in account 123456789012, world in ${folder}/.sandbox\n`);
  const wrong = await sandbox(folder, ["--reste", "true"]);
  expect(wrong).toMatchObject({ code: 64, stdout: "" });
  expect(wrong.stderr).toBe("sandbox: Unknown option --reste (--help shows examples)\n");
  expect((await sandbox(folder, ["--help"])).stdout).toContain("slipway sandbox npx cdktf plan staging");
});

test("options work without a command: add, list, edit, delete, forget", async () => {
  const folder = temporaryFolder();
  const added = await sandbox(folder, [
    "--with",
    "ecr_repository:api",
    "--with",
    "ssm_parameter:/x",
    "--show",
  ]);
  expect(added.stdout).toMatch(/aws_ecr_repository +us-east-1 +api +api +\(person\)/);
  const edited = await sandbox(folder, [
    "--edit",
    "ssm_parameter//x",
    'description="new"',
    "--show",
    "ssm_parameter",
    "--json",
  ]);
  expect(JSON.parse(edited.stdout)).toMatchObject([
    { id: "/x", attributes: { description: "new" }, secrets: ["value"] },
  ]);
  expect((await sandbox(folder, ["--edit", "ssm_parameter//x", "nonsense=1"])).stderr).toContain(
    "has no attribute nonsense",
  );
  const gone = await sandbox(folder, ["--delete", "ecr_repository/api", "--show"]);
  expect(gone.stdout).not.toMatch(/\bapi\b/);
  expect((await sandbox(folder, ["--delete", "ecr_repository/api"])).stderr).toContain("does not exist");
  const reset = await sandbox(folder, ["--reset", "--show", "ssm_parameter"]);
  expect(reset.stdout).toBe("Nothing exists.\n");
});
