import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { resource } from "./support/plans";
import { run } from "./support/run";
import { type Behaviour, StandInProject } from "./support/stand-in";

/** What only a real AWS would do, told by a stand-in for Terraform: everything around it is real. */
const error = (summary: string, detail = "") => ({
  type: "diagnostic",
  diagnostic: { severity: "error", summary, detail },
});
const complete = (addr: string, action = "create") => ({
  type: "apply_complete",
  hook: { resource: { addr }, action, elapsed_seconds: 1 },
});
const shown = {
  format_version: "1.2",
  resource_changes: [resource("aws_vpc.a", ["create"]), resource("aws_vpc.b", ["create"])],
};
const works: Record<string, Behaviour> = {
  plan: { code: 2 },
  show: { lines: [shown] },
  apply: { lines: [complete("aws_vpc.a"), complete("aws_vpc.b")] },
};
const EXPIRED = error(
  "Error refreshing state",
  "api error ExpiredToken: The security token included in the request is expired",
);

let project: StandInProject;
const make = (behaviours: Record<string, Behaviour>, stacks = ["prod", "staging"]) => {
  project = new StandInProject(stacks, behaviours);
  return project;
};
afterEach(() => project.remove());
const plans = () =>
  readdirSync(join(project.folder, "cdktf.out/plans")).filter((file) => file.endsWith(".tfplan"));

describe("a plan that fails", () => {
  it("is reported in Terraform's words with the way out, beside the one that did not", async () => {
    const { code, stdout } = await make({ ...works, "prod plan": { code: 1, lines: [EXPIRED] } }).run(
      "plan",
      "--json",
    );
    expect(code).toBe(1);
    const { exitCode, stacks } = JSON.parse(stdout);
    expect(exitCode).toBe(1);
    expect(stacks).toMatchObject([
      {
        name: "prod",
        outcome: "failed",
        problems: [{ summary: "Error refreshing state", wayOut: expect.stringContaining("Sign in again") }],
      },
      { name: "staging", outcome: "changes", summary: { counts: { create: 2 } } },
    ]);
    expect(plans()).toEqual(["staging.tfplan"]);
  });

  it.each([
    [
      "while it begins",
      { init: { code: 1, stderr: "╷\n│ Error: Failed to get existing workspaces\n│ \n│ AccessDenied\n╵\n" } },
      "Failed to get existing workspaces",
    ],
    [
      "with a plan that cannot be read",
      { show: { lines: ['{"format_version":"9.0"}'] } },
      "newer than this project",
    ],
    ["when it is shown", { show: { code: 1, stderr: "no such plan" } }, "show failed: no such plan"],
  ])("%s keeps no plan", async (_, behaviour, text) => {
    const { code, stdout } = await make({ ...works, ...behaviour }, ["prod"]).run("plan");
    expect([code, plans()]).toEqual([1, []]);
    expect(stdout).toContain("prod: failed");
    expect(stdout).toContain(text);
  });
});

describe("what stops a command before anything runs", () => {
  it.each([
    [
      "an app that fails",
      () => project.write("app.cjs", 'console.error("2 mistakes"); process.exit(1)'),
      /^2 mistakes\n$/,
    ],
    ["a cdktf.json that is none", () => project.write("cdktf.json", "{"), /^cdktf\.json cannot be read/],
  ])("%s", async (_, arrange, text) => {
    make(works);
    arrange();
    const { code, stderr } = await project.run("plan");
    expect(code).toBe(1);
    expect(stderr).toMatch(text);
  });

  it("a folder that is no project", async () => {
    const { code, stderr } = await run(join(make(works).folder, "bin"), ["plan"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^There is no cdktf\.json in .*: run this in the folder of the project\./);
  });

  it("no Terraform", async () => {
    const environment = { TERRAFORM_BINARY_NAME: "no-such-terraform" };
    const { code, stdout } = await run(make(works).folder, ["plan"], environment);
    expect(code).toBe(1);
    expect(stdout).toMatch(/no-such-terraform is not there.*install Terraform or OpenTofu/);
  });

  it("a file for the Markdown that cannot be written says so", async () => {
    const { code, stderr } = await make(works).run("plan", "--markdown", "nowhere/plan.md");
    expect(code).toBe(1);
    expect(stderr).toMatch(/--markdown nowhere\/plan\.md cannot be written: ENOENT/);
    expect(project.ran()).toBe(false);
  });

  it.each([
    [["plan", "--colour"], /unknown option '--colour'[\s\S]*--help shows examples/],
    [["apply", "--allow-destroy"], /argument missing/],
    [["plans"], /"plans" is no command/],
  ])("%j", async (args, text) => {
    const { code, stderr } = await make(works).run(...args);
    expect(code).toBe(64);
    expect(stderr).toMatch(text);
  });
});

describe("what is to be made anew", () => {
  const replaced = { ...shown, resource_changes: [resource("terraform_data.a", ["delete", "create"])] };

  it("is handed to Terraform, for the one environment that is named", async () => {
    await make({ ...works, show: { lines: [replaced] } });
    const { code, stdout } = await project.run("plan", "prod", "--replace", "terraform_data.a");
    expect(code).toBe(2);
    expect(stdout).toContain("± terraform_data.a");
    expect(project.calls("plan").map(({ args }) => args.at(-1))).toEqual(["-replace=terraform_data.a"]);
  });

  it("is refused where no environment is named, or the state does not have it: no plan is kept", async () => {
    await make({ ...works, show: { lines: [replaced] } });
    const all = await project.run("plan", "--replace", "terraform_data.a");
    expect([all.code, project.ran()]).toEqual([1, false]);
    expect(all.stderr).toContain("--replace terraform_data.a: name the one environment that it is in.");
    const unknown = await project.run("plan", "prod", "--replace", "terraform_data.b");
    expect([unknown.code, plans()]).toEqual([1, []]);
    expect(unknown.stdout).toContain("--replace terraform_data.b: the state has no such resource");
  });
});

describe("providers", () => {
  it("are locked and cached once for all stacks", async () => {
    await make({ ...works, init: { lockFile: "# made by the first" } }, ["a", "b", "c"]).run("plan");
    expect(project.calls("init").map(({ lock }) => lock)).toEqual([
      null,
      "# made by the first",
      "# made by the first",
    ]);
    expect(new Set(project.calls("plan").map(({ cache }) => cache))).toEqual(
      new Set([join(project.folder, "cache")]),
    );
  });

  it("are those of the committed lock file, which init may not change", async () => {
    make(works, ["a"]).write(".terraform.lock.hcl", "# committed");
    await project.run("plan");
    expect(project.calls("init")).toMatchObject([
      { lock: "# committed", args: expect.arrayContaining(["-lockfile=readonly"]) },
    ]);
  });
});

describe("an apply", () => {
  it("leaves what another stack did, and can be tried again where nothing was done", async () => {
    await make({ ...works, "prod apply": { code: 1, lines: [EXPIRED] } }).run("plan");
    const failed = await project.run("apply", "--auto-approve");
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain("✓ staging: 2 added, 0 changed, 0 destroyed");
    expect(failed.stdout).toMatch(
      /✗ prod: failed, nothing was changed\n {2}✗ Error refreshing state\n.*ExpiredToken.*\n {2}→ AWS does not take/,
    );
    expect(failed.stderr).toContain("staging: 1/2 aws_vpc.a created (1 s)");
    project.behave(works);
    const again = await project.run("apply", "--auto-approve");
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toContain("✓ prod: 2 added");
    expect(
      project
        .calls("apply")
        .map(({ stack }) => stack)
        .sort(),
    ).toEqual(["prod", "prod", "staging"]);
    expect(project.calls("plan")).toHaveLength(2);
    expect((await project.run("apply")).stderr).toMatch(/There is no saved plan: run npx slipway plan first/);
  });

  it("that failed halfway needs a new plan, and says what stands", async () => {
    const halfway = { code: 1, lines: [complete("aws_vpc.a"), error("creating VPC", "VpcLimitExceeded")] };
    await make({ ...works, apply: halfway }, ["prod"]).run("plan");
    const { code, stdout } = await project.run("apply", "--auto-approve");
    expect(code).toBe(1);
    expect(stdout).toContain("✗ prod: failed after 1 added, 0 changed, 0 destroyed. This stands");
    expect(stdout).toContain("VpcLimitExceeded");
    expect(plans()).toEqual([]);
  });

  it("whose first change failed does not claim that nothing is there", async () => {
    const started = {
      type: "apply_start",
      hook: { resource: { addr: "aws_db_instance.a" }, action: "create" },
    };
    const apply = { code: 1, lines: [started, error("creating RDS instance", "timeout")] };
    await make({ ...works, apply }, ["prod"]).run("plan");
    const { code, stdout } = await project.run("apply", "--auto-approve");
    expect([code, plans()]).toEqual([1, []]);
    expect(stdout).toContain("what failed may be there in part: npx slipway plan prod shows what is left");
  });

  it("whose password may be half written says so, and how to send it again", async () => {
    const update = (address: string, id: string) =>
      resource(
        address,
        ["update"],
        {},
        { before: { password_wo_version: 1 }, after: { password_wo_version: id } },
      );
    const references = ["terraform_data.written.id", "terraform_data.written"];
    const show = {
      ...shown,
      resource_changes: [
        update("aws_db_instance.a", "2"),
        update("aws_db_instance.b", "2"),
        update("aws_db_instance.c", "2"),
      ],
      configuration: {
        root_module: {
          resources: [
            { address: "aws_db_instance.a", expressions: { password_wo_version: { references } } },
            { address: "aws_db_instance.c", expressions: { password_wo_version: { constant_value: 2 } } },
          ],
        },
      },
    };
    const errored = (addr: string) => ({
      type: "apply_errored",
      hook: { resource: { addr }, action: "update" },
    });
    const lines = [
      complete("aws_db_instance.b", "update"),
      errored("aws_db_instance.a"),
      errored("aws_db_instance.c"),
      error("updating RDS DB Instance", "ThrottlingException"),
    ];
    await make({ ...works, show: { lines: [show] }, apply: { code: 1, lines } }, ["prod"]).run("plan");
    const { code, stdout } = await project.run("apply", "--auto-approve");
    expect(code).toBe(1);
    expect(stdout).toContain("✗ aws_db_instance.a may still have its old password");
    expect(stdout).toContain(
      "npx slipway plan prod --replace terraform_data.written, then npx slipway apply prod",
    );
    expect(stdout).not.toContain("aws_db_instance.b may");
    expect(stdout).toMatch(
      /aws_db_instance\.c may still [\s\S]*Raise password_wo_version in the configuration/,
    );
  });

  it("of plans that change nothing does nothing", async () => {
    await make({ ...works, plan: { code: 0 }, show: { lines: [{ format_version: "1.2" }] } }).run("plan");
    const { code, stdout } = await project.run("apply", "--auto-approve");
    expect([code, project.calls("apply")]).toEqual([0, []]);
    expect(stdout).toContain("there is nothing to apply");
  });

  it("is not begun beside another one, nor a plan", async () => {
    await make({ ...works, apply: { waits: true } }, ["prod"]).run("plan");
    const first = project.start("apply", "--auto-approve");
    await first.printed("aws_vpc.first");
    for (const args of [["apply", "--auto-approve"], ["plan"]]) {
      const { code, stderr } = await project.run(...args);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^Another plan or apply is at work in this folder: wait until it is done/);
    }
    project.write("go", "");
    expect(await first.ended).toMatchObject({ code: 0 });
  });

  it("hands a signal on, lets Terraform finish, and says what stands", async () => {
    await make({ ...works, apply: { waits: true, code: 1, lines: [error("execution halted")] } }, [
      "prod",
    ]).run("plan");
    const apply = project.start("apply", "--auto-approve");
    await apply.printed("aws_vpc.first");
    apply.kill("SIGTERM");
    const { code, stdout, stderr } = await apply.ended;
    expect(code).toBe(143);
    expect(stdout).toMatch(
      /prod: failed after 1 added, 0 changed, 0 destroyed\. This stands[\s\S]*execution halted/,
    );
    expect(stderr).toContain("Interrupted by SIGTERM.");
  });
});

describe("a destroy", () => {
  const planned = (before: object) => ({
    format_version: "1.2",
    resource_changes: [
      {
        address: "aws_db_instance.main",
        mode: "managed",
        type: "aws_db_instance",
        change: { actions: ["delete"], before, after: null },
      },
    ],
  });
  const destroys = (before: object): Record<string, Behaviour> => ({
    plan: { code: 2 },
    show: { lines: [planned(before)] },
  });
  const allowed = ["--allow-destroy", "aws_db_instance.main"];

  it("is refused where AWS protects something, before anything goes", async () => {
    const { code, stderr } = await make(destroys({ deletion_protection: true })).run(
      "destroy",
      "prod",
      "--auto-approve",
      ...allowed,
    );
    expect(code).toBe(1);
    expect(stderr).toContain(
      'AWS protects aws_db_instance.main from deletion. Put data: "disposable" into environments/prod.ts',
    );
    expect(project.calls("apply")).toEqual([]);
  });

  it("asks, and is not done where nobody answers; no plan of it is left for apply", async () => {
    const { code, stdout, stderr } = await make(destroys({})).run("destroy", "prod", ...allowed);
    expect(code).toBe(1);
    expect(stdout).toContain("aws_db_instance.main is DESTROYED: its databases would be lost");
    expect(stderr).toContain("Nobody can be asked here");
    expect(project.calls("plan").map(({ args }) => args)).toEqual([expect.arrayContaining(["-destroy"])]);
    expect(project.calls("apply")).toEqual([]);
    expect(readdirSync(join(project.folder, "cdktf.out/plans"))).toEqual([]);
  });

  it("says how what is protected in the file is let go", async () => {
    const lines = [error("Instance cannot be destroyed")];
    const { code, stderr } = await make({ plan: { code: 1, lines } }).run("destroy", "prod");
    expect(code).toBe(1);
    expect(stderr).toContain('put data: "disposable" into environments/prod.ts');
  });
});

describe("a state on a CI machine's disk", () => {
  const keptIn = (backend: string) => ({ terraform: { backend: { [backend]: {} } } });

  it("is refused by plan and apply before Terraform is asked, with the way out", async () => {
    make(works).configure("prod", keptIn("local"));
    const planned = await project.run("plan");
    expect(planned.code).toBe(1);
    expect(planned.stderr).toMatch(/^prod: the state would lie on this CI machine's disk.*stateBucket/m);
    expect(project.ran()).toBe(false);
    expect((await project.run("plan", "staging")).code).toBe(2);
    project.configure("prod", keptIn("s3"));
    expect((await project.run("plan")).code).toBe(2);
  });

  it("is taken where a person plans", async () => {
    make(works).configure("prod", keptIn("local"));
    expect((await project.run("plan", { CI: "" })).code).toBe(2);
    const applied = await project.run("apply", "--auto-approve");
    expect(applied.code).toBe(1);
    expect(applied.stderr).toContain("prod: the state would lie");
    expect(project.calls("plan")).toHaveLength(2);
    expect(readdirSync(join(project.folder, "cdktf.out/plans"))).toContain("prod.tfplan");
  });
});
