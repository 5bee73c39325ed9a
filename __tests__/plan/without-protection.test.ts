import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { withoutProtection } from "../../plan/without-protection";

const BUCKET = "aws_s3_bucket.state_bucket";

const folder = mkdtempSync(join(tmpdir(), "slipway-protection-"));
afterAll(() => rmSync(folder, { recursive: true }));

it.each([
  ["prod", [BUCKET], false],
  ["bootstrap", [], true],
  ["bootstrap-210987654321", [], true],
])("what %s holds loses %o of its protection for the work", async (name, lifted, isProtected) => {
  const file = join(folder, "cdk.tf.json");
  const resource = { aws_s3_bucket: { state_bucket: { lifecycle: { prevent_destroy: true } } } };
  writeFileSync(file, JSON.stringify({ resource }));
  const read = () => JSON.parse(readFileSync(file, "utf8")).resource;
  const during = await withoutProtection({ name, folder }, async () => read());
  expect(during.lifted).toEqual(lifted);
  expect(during.result.aws_s3_bucket.state_bucket.lifecycle.prevent_destroy).toBe(isProtected);
  expect(read()).toEqual(resource);
});
