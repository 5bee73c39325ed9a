import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ecr from "@aws-sdk/client-ecr";
import * as ssm from "@aws-sdk/client-ssm";
import * as sts from "@aws-sdk/client-sts";
import { describe, expect, it } from "vitest";
import { resolveProject } from "../../modules/project";
import { scripts } from "../../create/template/package.json";
import { slipwayHere } from "../support/commands-here";
import { code, commands } from "./support/guide";

const ROOT = join(__dirname, "../..");

/** Each command on its own: what stands in quotes, in $(…) and behind a pipe is one, too. */
const calls = commands
  .flatMap((line) => line.split(/\s*(?:\|\s|&&|\$\()\s*/))
  .map((call) =>
    call
      .replace(/^(export )?\w+=\S*/, "")
      .replace(/[)"]+$/, "")
      .trim(),
  )
  .filter((call) => call !== "");
const of = (program: string) => calls.filter((call) => call.startsWith(`${program} `));

describe("docs/adopting.md", () => {
  it("calls programs that it says are needed, or that every shell has", () => {
    const programs = new Set(calls.map((call) => call.split(" ")[0]));
    const known = [
      "aws",
      "cp",
      "curl",
      "docker",
      "gh",
      "git",
      "npm",
      "npx",
      "pbpaste",
      "rm",
      "sh",
      "terraform",
    ];
    expect([...programs].sort()).toEqual(known);
  });

  it("runs scripts that a created project has", () => {
    const named = of("npm").map(
      (call) => /^npm (?:run (\S+)|(install|test))/.exec(call)?.slice(1).find(Boolean) ?? call,
    );
    expect(named.length).toBeGreaterThan(1);
    const known = ["install", ...Object.keys(scripts)];
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it("calls commands that slipway has, with options that they have", async () => {
    const names = ["deploy", "secret set", "plan", "apply", "destroy", "move-state", "synth"];
    const words = of("npx").map((call) => /^npx slipway (secret \w+|\S+)(.*)/.exec(call)?.slice(1) ?? [call]);
    expect(new Set(words.map(([command]) => command))).toEqual(new Set(names));
    for (const name of names) {
      const { stdout: known } = await slipwayHere(ROOT, [...name.split(" "), "--help"], process.env);
      const options = words
        .filter(([command]) => command === name)
        .flatMap(([, rest = ""]) => rest.match(/ --\w[\w-]*/g) ?? []);
      expect(
        options.filter((option) => !known.includes(`${option} `)),
        name,
      ).toEqual([]);
    }
  });

  it("calls subcommands that terraform has", () => {
    const terraform = execFileSync("terraform", ["-help"], {
      env: { ...process.env, TF_CLI_CONFIG_FILE: "/dev/null" },
      encoding: "utf8",
    });
    for (const call of of("terraform")) {
      const [, folder = "", name] = /^terraform -chdir=(\S+) (\w+)/.exec(call) ?? [];
      expect(folder, call).toMatch(/^(cdktf\.out\/stacks\/)?(bootstrap|staging)$/);
      expect(terraform, call).toMatch(new RegExp(`^  ${name} `, "m"));
    }
  });

  it("calls operations that AWS has", () => {
    const clients: Readonly<Record<string, object>> = { ecr, ssm, sts };
    const operations = of("aws").map((call) => call.split(" ").slice(1, 3));
    // Of the CLI alone: GetAuthorizationToken, made ready for docker.
    const asked = operations.filter(([, operation]) => operation !== "get-login-password");
    for (const [service = "", operation = ""] of asked) {
      const words = operation.split("-").map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`);
      expect(clients[service], service).toHaveProperty(`${words.join("")}Command`);
    }
    expect(asked.length).toBeGreaterThan(3);
  });

  it("names addresses that there are", () => {
    const known = ["bootstrap", "staging"].flatMap((stack) =>
      readFileSync(join(ROOT, `__tests__/environments/addresses/${stack}.txt`), "utf8").split("\n"),
    );
    const named = calls.flatMap((call) => call.match(/\baws_\w+\.\w+/g) ?? []);
    // Not of a module: of the guide's own queue.
    const own = ["aws_sqs_queue.jobs", "aws_sqs_queue.work"];
    expect(named.filter((address) => !known.includes(address) && !own.includes(address))).toEqual([]);
    expect(named.length).toBeGreaterThan(5);
  });

  it("shows a context for cdktf.json that is taken", () => {
    const { project, mistakes } = resolveProject(JSON.parse(code("json", "bootstrap")));
    expect(mistakes).toEqual([]);
    expect(project?.bootstrap).toMatchObject({ github: { provider: "create" }, budget: { monthly: 200 } });
  });

  it("shows pieces of an environment's file that compile", () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-guide-"));
    try {
      for (const name of ["aws", "modules", "guardrails", "node_modules", "tsconfig.json"])
        symlinkSync(join(ROOT, name), join(folder, name));
      const extensions = ["importFrom", "moveFromId", "snapshot_identifier"].map((words) =>
        code("ts", words),
      );
      const body = extensions
        .map((one) => `environment({ region: "us-west-2", services: { web: {}, api: {} } }, ${one.trim()});`)
        .join("\n");
      writeFileSync(
        join(folder, "guide.ts"),
        `import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";\nimport { environment } from "./modules/environment";\n${body}\n`,
      );
      const tsc = join(ROOT, "node_modules/.bin/tsc");
      const config = JSON.parse(readFileSync(join(ROOT, "tsconfig.json"), "utf8"));
      writeFileSync(
        join(folder, "guide.json"),
        JSON.stringify({ ...config, include: ["guide.ts"], files: ["guide.ts"] }),
      );
      const { status, stdout } = spawnSync(tsc, ["--project", "guide.json"], {
        cwd: folder,
        encoding: "utf8",
      });
      expect(status, stdout).toBe(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
