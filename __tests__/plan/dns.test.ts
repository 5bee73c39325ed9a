import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fromZones, NameServer } from "../dns/support/server";
import { resource } from "./support/plans";
import { type Behaviour, StandInProject } from "./support/stand-in";

/** The records of names that are kept elsewhere, at a loopback name server; Terraform is a stand-in. */
const VALUE = "d111111abcdef8.cloudfront.net";
const RECORD = { name: "app.example.com", type: "CNAME", value: VALUE };
const output = { dns: { sensitive: false, value: [RECORD] } };
const works: Record<string, Behaviour> = {
  plan: { code: 2 },
  show: { lines: [{ format_version: "1.2", resource_changes: [resource("aws_vpc.a", ["create"])] }] },
  output: { lines: [output] },
};
const zones = fromZones({
  "example.com": { NS: ["ns1.example.net"] },
  "ns1.example.net": { A: ["127.0.0.1"] },
  "app.example.com": {},
});
/** Questions to the domain's own server: each look asks the machine's resolver for the same name first. */
const PER_LOOK = 2;

let server: NameServer;
let project: StandInProject;
/** The look at which the record is there; never, if absent. */
let thereAt: number | undefined;
beforeEach(async () => {
  thereAt = undefined;
  server = await NameServer.open((question) =>
    question.name === RECORD.name && question.type === "CNAME" && question.nth >= PER_LOOK * (thereAt ?? 1e9)
      ? [VALUE]
      : zones(question),
  );
});
afterEach(() => {
  server.close();
  project.remove();
});

async function planned(behaviours: Record<string, Behaviour> = works) {
  project = new StandInProject(["staging"], behaviours);
  project.configure("staging", { output: { dns: { value: [RECORD] } } });
  const { code, stdout, stderr } = await project.run("plan");
  expect(code, stdout + stderr).toBe(2);
}
const environment = (more: NodeJS.ProcessEnv = {}) => ({
  CI: "",
  NODE_OPTIONS: `--require ${join(__dirname, "support/loopback-dns.cjs")}`,
  DNS_PORT: String(server.port),
  ...more,
});

describe("records that a person makes", () => {
  it("are waited for after an apply, with a line for what is new", async () => {
    await planned();
    thereAt = 3;
    const { code, stdout, stderr } = await project.run("apply", "--auto-approve", environment({ FAST: "1" }));
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toContain("✓ staging: 0 added");
    expect(stdout).not.toContain("missing");
    expect(stderr).toContain("staging: app.example.com: ns1.example.net has no record of app.example.com");
    expect(stderr).toContain("staging: app.example.com: the name servers of example.com have it");
  });

  it("that do not come in time are named, as is what was done: exit code 3", async () => {
    await planned();
    const { code, stdout } = await project.run("apply", "--auto-approve", environment({ FAST: "1" }));
    expect(code).toBe(3);
    expect(stdout).toContain("The apply is done. This record is missing where the names are kept:");
    expect(stdout).toContain(`app.example.com CNAME ${VALUE}`);
    expect(stdout).toContain("npx slipway check staging looks again");
  });

  it.each([
    ["in CI", { CI: "true" }, []],
    ["with --no-wait", {}, ["--no-wait"]],
  ])("are looked at once %s, and the exit code is that of the apply", async (_, more, options) => {
    await planned();
    const { code, stdout } = await project.run("apply", "--auto-approve", ...options, environment(more));
    expect(code).toBe(0);
    expect(stdout).toContain("This record is missing");
  });

  it("are waited for until somebody presses Ctrl-C: what was applied is applied", async () => {
    await planned();
    const running = project.start("apply", "--auto-approve", environment());
    await running.printed("ns1.example.net has no record");
    running.kill("SIGINT");
    const { code, stdout } = await running.ended;
    expect(code).toBe(130);
    expect(stdout).toContain("✓ staging: 0 added");
  });

  it("of an apply whose outputs cannot be read are said to be unknown", async () => {
    await planned({ ...works, output: { code: 1, stderr: "ExpiredToken" } });
    const { code, stdout, stderr } = await project.run("apply", "--auto-approve", environment());
    expect(code).toBe(1);
    expect(stdout).toContain("✓ staging: 0 added");
    expect(stderr).toContain(
      "The apply is done. Whether the DNS records of its names are there is not known",
    );
    expect(stderr).toContain("ExpiredToken");
  });

  it("are nobody's business where the apply failed, or the environment makes its records itself", async () => {
    const error = { type: "diagnostic", diagnostic: { severity: "error", summary: "AccessDenied" } };
    await planned({ ...works, apply: { code: 1, lines: [error] } });
    const failed = await project.run("apply", "--auto-approve", environment());
    expect(failed.code).toBe(1);
    expect(failed.stdout + failed.stderr).not.toContain("DNS");
    project.remove();
    await planned();
    project.configure("staging", {});
    await project.run("plan");
    const own = await project.run("apply", "--auto-approve", environment());
    expect(own.code).toBe(0);
    expect(project.calls("output")).toEqual([]);
  });
});
