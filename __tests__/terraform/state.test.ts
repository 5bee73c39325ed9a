import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesIn } from "../sandbox/helpers";
import { BUCKET, KEY, LOCK, Pause, States } from "./support/state";

const INIT = "terraform init -no-color -input=false";
const APPLY = "terraform apply -no-color -input=false -auto-approve";
const PLAN = "terraform plan -no-color -input=false";
const DESTROY = "terraform destroy -no-color -input=false -auto-approve";
const NOTHING = "No changes. Your infrastructure matches the configuration.";

/** What Terraform says, in one line: it wraps its sentences. */
const flat = (text: string) => text.replaceAll(/\s+/g, " ");

test("a first stack makes its bucket, moves its state there and back, and leaves nothing", async () => {
  const at = new States();
  const own = {
    aws_s3_bucket: { own: { bucket: BUCKET } },
    aws_s3_bucket_versioning: {
      own: { bucket: "${aws_s3_bucket.own.id}", versioning_configuration: { status: "Enabled" } },
    },
  };
  const local = { backend: { local: { path: "../terraform.tfstate" } } };
  at.queues([], { terraform: local, resource: own });
  const made = await at.run(INIT, APPLY);
  expect(made.code, made.text).toBe(0);
  expect(at.object(KEY)).toBeUndefined();

  at.queues([], { resource: own });
  const unasked = await at.run(INIT);
  expect(unasked.code).toBe(1);
  expect(unasked.text).toContain("-migrate-state");
  const moved = await at.run("set -e", `${INIT} -migrate-state -force-copy`, PLAN);
  expect(moved.code, moved.text).toBe(0);
  expect(moved.text).toContain('Successfully configured the backend "s3"!');
  expect(moved.text).toContain(NOTHING);
  expect(at.addresses()).toEqual(["aws_s3_bucket.own", "aws_s3_bucket_versioning.own"]);
  expect(at.object(LOCK)).toBeUndefined();

  // Destroying the bucket with the state in it is what AWS refuses.
  const stuck = await at.run(DESTROY);
  expect(stuck.code).toBe(1);
  expect(stuck.text).toContain("BucketNotEmpty");

  const forced = { ...own, aws_s3_bucket: { own: { bucket: BUCKET, force_destroy: true } } };
  at.queues([], { terraform: local, resource: forced });
  const back = await at.run("set -e", `${INIT} -migrate-state -force-copy`, APPLY, PLAN, DESTROY);
  expect(back.code, back.text).toBe(0);
  expect(back.text).toContain(NOTHING);
  expect(at.world.list({ type: "aws_s3_bucket" })).toEqual([]);
  expect(at.world.list({ type: "sandbox_s3_object" })).toEqual([]);
  expect(filesIn(at.world.folder).filter(({ path }) => path.includes("/objects/"))).toEqual([]);
});

test("of two applies at once, one is refused, says who is at work, and changes nothing", async () => {
  const at = await States.withBucket();
  const pause = new Pause();
  at.queues(["one"], { resource: pause.resource });
  await at.run(INIT);
  const first = at.run(APPLY);
  await pause.reached(first);
  const { ID: id, Operation: operation } = JSON.parse(at.object(LOCK) ?? "{}");
  expect(operation).toBe("OperationTypeApply");
  const second = await at.run(APPLY);
  expect(second.code).toBe(1);
  expect(second.text).toContain("Error acquiring the state lock");
  expect(second.text).toContain("StatusCode: 412");
  expect(second.text).toContain(id);
  expect(second.text).not.toContain("Creating...");
  expect(JSON.parse(at.object(LOCK) ?? "{}").ID).toBe(id);
  await pause.end();
  expect((await first).code).toBe(0);
  expect(at.object(LOCK)).toBeUndefined();
  expect(at.versions(KEY)).toHaveLength(1);
});

test("the lock of a killed run stays until force-unlock", async () => {
  const at = await States.withBucket();
  const dies = { terraform_data: { dies: { provisioner: { "local-exec": { command: "kill -9 $PPID" } } } } };
  at.queues([], { resource: dies });
  const killed = await at.run(INIT, APPLY);
  expect(killed.code).toBe(137);
  const { ID: id } = JSON.parse(at.object(LOCK) ?? "{}");

  at.queues(["one"]);
  const refused = await at.run(APPLY);
  expect(refused.code).toBe(1);
  expect(refused.text).toContain("Error acquiring the state lock");
  expect(refused.text).toContain(id);
  expect(at.made()).toEqual([]);

  const other = await at.run("terraform force-unlock -no-color -force 00000000-0000-0000-0000-000000000000");
  expect(other.code).toBe(1);
  expect(at.object(LOCK)).toBeDefined();
  const freed = await at.run("set -e", `terraform force-unlock -no-color -force ${id}`, APPLY);
  expect(freed.code, freed.text).toBe(0);
  expect(at.made()).toEqual(["one"]);
  expect(at.object(LOCK)).toBeUndefined();
});

/** An apply during which something happens to its lock. */
async function applyWhile(at: States, happens: () => Promise<unknown>) {
  const pause = new Pause();
  at.queues(["one"], { resource: pause.resource });
  await at.run(INIT);
  const apply = at.run(APPLY);
  await pause.reached(apply);
  await happens();
  await pause.end();
  return apply;
}

test("an apply whose lock was taken away writes its state, and fails at the end", async () => {
  const at = await States.withBucket();
  const { code, text } = await applyWhile(at, () => at.forget(LOCK));
  expect(code).toBe(1);
  expect(text).toContain("Error releasing the state lock");
  expect(text).toContain("NoSuchKey");
  expect(at.addresses()).toEqual(["aws_sqs_queue.one", "terraform_data.pause"]);
  expect((await at.run(PLAN)).text).toContain(NOTHING);
});

test("an apply whose lock became another's writes over the other's state, and leaves the lock", async () => {
  const at = await States.withBucket();
  const other = JSON.stringify({ ID: "11111111-1111-1111-1111-111111111111", Who: "another" });
  const { code, text } = await applyWhile(at, () => at.write(LOCK, other));
  expect(code).toBe(1);
  expect(text).toContain("Error releasing the state lock");
  expect(flat(text)).toContain("does not match");
  expect(at.object(LOCK)).toBe(other);
  expect(at.addresses()).toEqual(["aws_sqs_queue.one", "terraform_data.pause"]);
});

test("every state that was written can be read again, in order", async () => {
  const at = await States.withBucket();
  const names = ["one", "two", "three"];
  for (const [index] of names.entries()) {
    at.queues(names.slice(0, index + 1));
    const { code, text } = await at.run("set -e", INIT, APPLY);
    expect(code, text).toBe(0);
  }
  const states = at.versions(KEY).map((version) => JSON.parse(at.contents(version)));
  expect(states.map(({ serial }) => serial)).toEqual([...new Set(states.map(({ serial }) => serial))].sort());
  expect(states.map(({ resources }) => resources.length)).toEqual([1, 2, 3]);
  expect(new Set(states.map(({ lineage }) => lineage)).size).toBe(1);
  expect(new Set(at.versions(KEY).map(({ id }) => id)).size).toBe(3);
  const files = filesIn(join(at.world.folder, "objects")).map(({ path }) => statSync(path).mode & 0o777);
  expect(new Set(files)).toEqual(new Set([0o600]));
});

test("with expired credentials nothing begins, and Terraform says why", async () => {
  const at = await States.withBucket();
  at.queues(["one"]);
  await at.run(INIT);
  await at.faults({ operation: "s3:*", kind: "expired" });
  const { code, text } = await at.run(APPLY);
  expect(code).toBe(1);
  expect(text).toContain("ExpiredToken");
  expect(flat(text)).toContain("The security token included in the request is expired");
  expect(at.made()).toEqual([]);
  expect(at.versions(LOCK)).toEqual([]);
});

test("credentials that expire during an apply: the state is in errored.tfstate, and can be pushed", async () => {
  const at = await States.withBucket();
  const { code, text } = await applyWhile(at, () => at.faults({ operation: "s3:*", kind: "expired" }));
  expect(code).toBe(1);
  expect(text).toContain("Failed to save state");
  expect(text).toContain("ExpiredToken");
  expect(text).toContain("errored.tfstate");
  expect(at.made()).toEqual(["one"]);
  expect(at.object(KEY)).toBeUndefined();
  const { ID: id } = JSON.parse(at.object(LOCK) ?? "{}");

  await at.faults();
  const saved = await at.run(
    "set -e",
    `terraform force-unlock -no-color -force ${id}`,
    "terraform state push errored.tfstate",
    PLAN,
  );
  expect(saved.code, saved.text).toBe(0);
  expect(saved.text).toContain(NOTHING);
  expect(at.addresses()).toEqual(["aws_sqs_queue.one", "terraform_data.pause"]);
});
