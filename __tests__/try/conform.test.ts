import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeConfiguration } from "../../try/conform/configuration";
import { findEmulator, startEmulator } from "../../try/conform/emulator";
import { type Gap, gaps } from "../../try/conform/gaps";
import { findMirror } from "../../try/conform/provider";
import { documentOf, isWhole, wordsOf } from "../../try/conform/results";
import type { Stack } from "../../try/conform/substitutions";
import { takeOut } from "../../try/conform/take-out";

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
  const conform = (args: readonly string[], more: NodeJS.ProcessEnv = {}) => {
    const { GITHUB_ACTIONS: _, ...environment } = process.env;
    return spawnSync(
      process.execPath,
      ["--require", "tsx/cjs", join(ROOT, "try", "conform.ts"), "--mirror", folder, ...args],
      { cwd: ROOT, env: { ...environment, ...more }, encoding: "utf8" },
    );
  };

  it("says where there is no provider that nothing was run", () => {
    const { status, stdout } = conform([]);
    expect(stdout).toMatch(/^– not run: the real AWS provider: no filesystem mirror .*\n$/);
    expect(status).toBe(0);
  });

  it("says it on the page of GitHub's run, too, and fails where it is required", () => {
    const { status, stdout } = conform(["--required"], { GITHUB_ACTIONS: "true" });
    expect(stdout).toMatch(/\n::warning title=conform was not run::the real AWS provider: .*\n$/);
    expect(status).toBe(1);
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

describe("what an emulator cannot hold", () => {
  const gap: Gap = { what: "aws_cloudfront_vpc_origin", call: "cloudfront:CreateVpcOrigin", reason: "none" };
  const data: Gap = { what: "data.aws_cloudfront_cache_policy", call: "cloudfront:…", reason: "none" };
  const stack: Stack = {
    terraform: {},
    provider: { aws: [{}] },
    data: { aws_cloudfront_cache_policy: { none: { name: "Managed-CachingDisabled" } } },
    resource: {
      aws_cloudfront_vpc_origin: { web: { arn: "${aws_lb.web.arn}" } },
      aws_cloudfront_distribution: {
        web: {
          origin: "${aws_cloudfront_vpc_origin.web.id}",
          cache: '${jsonencode({"id" = data.aws_cloudfront_cache_policy.none.id})}',
        },
      },
      aws_route53_record: { web: { name: "${aws_cloudfront_distribution.web.domain_name}" } },
      aws_lb: { web: { name: "aws_cloudfront_vpc_origin" } },
      aws_ecs_service: {
        web: {
          name: "web",
          depends_on: ["aws_cloudfront_vpc_origin.web", "aws_lb.web"],
          lifecycle: { replace_triggered_by: ["aws_cloudfront_vpc_origin.web.id", "aws_lb.web.arn"] },
        },
      },
    },
    output: {
      url: { value: "${aws_cloudfront_distribution.web.domain_name}" },
      balancer: { value: "${aws_lb.web.arn}" },
    },
  };
  const addresses = (known: readonly Gap[]) =>
    takeOut(stack, known)
      .takenOut.map(({ address }) => address)
      .sort();

  it("is left out with all that needs it; what only comes after it stays, without that order", () => {
    const { stack: left, takenOut, left: resources } = takeOut(stack, [gap]);
    expect(takenOut.map(({ address }) => address)).toEqual([
      "aws_cloudfront_vpc_origin.web",
      "aws_cloudfront_distribution.web",
      "aws_route53_record.web",
    ]);
    expect(takenOut.every((one) => one.gap === gap)).toBe(true);
    expect(resources).toBe(2);
    expect(left.resource).toEqual({
      aws_lb: { web: { name: "aws_cloudfront_vpc_origin" } },
      aws_ecs_service: {
        web: {
          name: "web",
          depends_on: ["aws_lb.web"],
          lifecycle: { replace_triggered_by: ["aws_lb.web.arn"] },
        },
      },
    });
    expect(left.data).toEqual(stack.data);
    expect(left.output).toEqual({ balancer: { value: "${aws_lb.web.arn}" } });
  });

  it("takes the locals along that need it, and what needs those", () => {
    const locals = {
      address: "${aws_cloudfront_distribution.web.domain_name}",
      balancer: "${aws_lb.web.arn}",
    };
    const output = {
      ...(stack.output as object),
      named: { value: "${local.address}" },
      local: { value: "${local.balancer}" },
    };
    const { stack: left, takenOut } = takeOut({ ...stack, locals, output }, [gap]);
    expect(takenOut.map(({ address }) => address)).toContain("local.address");
    expect(left.locals).toEqual({ balancer: locals.balancer });
    expect(Object.keys(left.output as object)).toEqual(["balancer", "local"]);
  });

  it("gives others the value that its row has, and only that one", () => {
    const known = [
      { ...gap, values: { id: "vo_1" } },
      { ...data, values: { id: "4135ea2d" } },
    ];
    const { stack: left, takenOut } = takeOut(stack, known);
    expect(takenOut.map(({ address }) => address)).toEqual([
      "data.aws_cloudfront_cache_policy.none",
      "aws_cloudfront_vpc_origin.web",
    ]);
    expect(left.data).toEqual({});
    expect(left.resource?.aws_cloudfront_distribution).toEqual({
      web: { origin: '${"vo_1"}', cache: '${jsonencode({"id" = "4135ea2d"})}' },
    });
    expect(addresses([{ ...gap, values: { arn: "arn:aws:…" } }])).toContain(
      "aws_cloudfront_distribution.web",
    );
  });

  it("is not compared where only an argument is forgotten", () => {
    const { stack: left, takenOut } = takeOut(stack, [{ ...gap, forgets: ["tags"] }]);
    expect(takenOut).toEqual([]);
    expect(left.resource?.aws_cloudfront_vpc_origin).toEqual({
      web: { arn: "${aws_lb.web.arn}", lifecycle: { ignore_changes: ["tags"] } },
    });
  });

  it("is a table without doubles, in which every row says why", () => {
    expect(new Set(gaps.map(({ what }) => what)).size).toBe(gaps.length);
    for (const { what, call, reason } of gaps) {
      expect(what).toMatch(/^(data\.)?aws_\w+$/);
      expect(call).toMatch(/^[a-z0-9-]+:[A-Z]\w+$/);
      expect(reason.length).toBeGreaterThan(10);
    }
  });
});

describe("what is said of a run", () => {
  const applied = { made: 97, again: [], destroyed: 97 };
  const life = { stack: "staging", all: 103, planned: 97, applied };
  const results = {
    date: "2026-11-21",
    provider: "5.100.0",
    bindings: "6.25.0",
    stacks: ["staging"],
    said: [],
  };

  it("is what the emulator could hold, and that it came and went as planned", () => {
    expect(wordsOf(life)).toBe("planned 97 of 103, applied, planned empty, destroyed");
    expect(isWhole(life)).toBe(true);
    const option = { stack: "waf", all: 110, planned: 100 };
    expect(wordsOf(option)).toBe("planned 100 of 110");
    expect(isWhole(option)).toBe(true);
    expect(isWhole({ ...option, planned: 0 })).toBe(false);
  });

  it.each([
    [{ made: 96, destroyed: 96 }, "applied 96, planned empty, destroyed"],
    [{ destroyed: 90 }, "applied, planned empty, destroyed 90"],
    [
      { again: [{ stack: "staging", address: "aws_vpc.network", action: "update" }] },
      "applied, then planned: update aws_vpc.network, destroyed",
    ],
  ])("is what did not go as it must: %j", (change, words) => {
    const other = { ...life, applied: { ...applied, ...change } };
    expect(wordsOf(other)).toBe(`planned 97 of 103, ${words}`);
    expect(isWhole(other)).toBe(false);
  });

  it("stands in the document, with what the emulator cannot do, and which row holds no more", () => {
    const [one, other] = [
      { what: "aws_one", call: "one:Create", reason: "not implemented" },
      { what: "aws_other", call: "other:Create", reason: "loses it" },
    ];
    const takenOut = new Map([
      [one, ["staging: aws_one.a", "staging: aws_two.a"]],
      [other, ["prod: aws_other.a"]],
    ]);
    const emulated = { version: "5.2.1", lives: [life], said: [], takenOut, stale: [other] };
    const text = documentOf({ ...results, emulated });
    expect(text).toContain("| staging | valid | planned 97 of 103, applied, planned empty, destroyed |");
    expect(text).toContain("| `aws_one` | one:Create | not implemented | 2 |");
    expect(text).toMatch(/`aws_other` \| other:Create \| loses it \*\*Stale: .*\*\* \| 1 \|/);
    expect(documentOf(results)).toContain("| staging | valid | not run |");
  });
});

describe("the emulator", () => {
  /** A Python that says it has one, and then does something else. */
  const python = (server: string) => {
    const file = join(folder, "python");
    writeFileSync(file, `#!/bin/sh\ncase "$1" in -c) echo 9.9.9 ;; *) ${server} ;; esac\n`, { mode: 0o755 });
    return file;
  };
  const SERVER = `require("node:http").createServer((_, response) => response.end("here")).listen(process.argv.at(-1), "127.0.0.1")`;

  it("is that of the first Python that has one", () => {
    expect(findEmulator(["no-such-python"])).toBeUndefined();
    expect(findEmulator(["no-such-python", python("exit 1")])?.version).toBe("9.9.9");
  });

  it("answers on this machine alone until it is stopped, and gets no credentials of anybody", async () => {
    const file = python(`exec ${process.execPath} -e '${SERVER}' -- "$@"`);
    const { environment, stop } = await startEmulator({ version: "9.9.9", python: file });
    const url = environment.AWS_ENDPOINT_URL ?? "";
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await (await fetch(url)).text()).toBe("here");
    expect(environment).toMatchObject({ AWS_ACCESS_KEY_ID: "testing", AWS_CONFIG_FILE: "/dev/null" });
    await stop();
    await expect(fetch(url)).rejects.toThrow();
  });

  it("that ends at once is not waited for", async () => {
    const emulator = { version: "9.9.9", python: python("exit 3") };
    await expect(startEmulator(emulator)).rejects.toThrow("The emulator ended with 3 at its start.");
  });
});
