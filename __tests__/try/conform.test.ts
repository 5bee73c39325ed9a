import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeConfiguration } from "../../try/conform/configuration";
import { findMirror } from "../../try/conform/provider";
import type { Stack } from "../../try/conform/substitutions";

const ROOT = join(__dirname, "..", "..");
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-conform-test-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const place = (file: string) => {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), "");
};

describe("npm run conform", () => {
  it.each([
    [[], 0],
    [["--required"], 1],
  ])("says where there is no provider that nothing was run: %j, exit code %i", (args, code) => {
    const { status, stdout } = spawnSync(
      process.execPath,
      ["--import", "tsx", join(ROOT, "try", "conform.ts"), "--mirror", folder, ...args],
      { cwd: ROOT, encoding: "utf8" },
    );
    expect(stdout).toMatch(/^– not run: the real AWS provider: no filesystem mirror .*\n$/);
    expect(status).toBe(code);
  });
});

describe("the provider", () => {
  it("is the newest of a mirror's, unpacked or packed, and never another's", () => {
    const aws = "mirror/registry.terraform.io/hashicorp/aws";
    place(`${aws}/5.100.0/linux_amd64/terraform-provider-aws_v5.100.0_x5`);
    place("mirror/registry.terraform.io/hashicorp/awscc/9.0.0/linux_amd64/terraform-provider-awscc_v9.0.0");
    expect(findMirror([folder])).toEqual({ mirror: join(folder, "mirror"), version: "5.100.0" });
    place(`${aws}/terraform-provider-aws_6.25.0_linux_amd64.zip`);
    expect(findMirror([folder])?.version).toBe("6.25.0");
    expect(findMirror([join(folder, "none")])).toBeUndefined();
  });
});

describe("the copy that is judged", () => {
  const stack: Stack = {
    terraform: {
      backend: { local: {} },
      required_version: ">= 1.11.0",
      required_providers: { aws: { source: "hashicorp/aws", version: "6.25.0" } },
    },
    provider: { aws: [{ region: "us-west-2" }] },
    data: { aws_cloudfront_cache_policy: { none: { name: "Managed-CachingDisabled" } } },
    resource: {
      aws_acm_certificate: { own: { region: "us-east-1", domain_name: "example.com" } },
      aws_cloudfront_distribution: { web: { cache: "${data.aws_cloudfront_cache_policy.none.id}" } },
    },
  };
  const written = (version: string) => {
    writeConfiguration(folder, new Map([["staging", stack]]), { version });
    return JSON.parse(readFileSync(join(folder, "staging", "main.tf.json"), "utf8"));
  };

  it("has the provider that there is, no state's place, and what provider 6 knows alone said otherwise", () => {
    const json = written("5.100.0");
    expect(json.terraform).toEqual({
      required_version: ">= 1.11.0",
      required_providers: { aws: { source: "hashicorp/aws", version: "5.100.0" } },
    });
    expect(json.resource.aws_acm_certificate.own).toEqual({
      domain_name: "example.com",
      provider: "aws.us_east_1",
    });
    expect(json.provider.aws).toEqual([{ region: "us-west-2" }, { region: "us-east-1", alias: "us_east_1" }]);
    expect(json.data).toEqual(stack.data);
  });

  it("is what was synthesized for provider 6", () => {
    const { terraform: _, provider: __, ...rest } = written("6.25.0");
    expect(rest).toEqual({ data: stack.data, resource: stack.resource });
  });
});
