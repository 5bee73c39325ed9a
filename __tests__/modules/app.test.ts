import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { constructEnvironments, loadEnvironmentFiles } from "../../modules/app";
import type { EnvironmentProps } from "../../modules/environment";
import type { Environment } from "../../modules/environment/environment";
import { ConfigurationError, type Mistake } from "../../modules/mistakes";
import { synthesizeHere } from "../support/synthesis";
import { least } from "./support/least";
import { filesOf, newApp, synthesize } from "./support/synthesize";

const repository = join(__dirname, "../..");
const root = mkdtempSync(join(tmpdir(), "slipway-app-"));

const good = `import { environment, small } from "../modules/environment";
export default environment({ preset: small, region: "us-west-2", registry: "app", services: { web: { port: 80 } } });
`;

/** A checkout with these environment files, everything else being the repository's own. */
function checkout(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(root, name);
  mkdirSync(join(folder, "environments"), { recursive: true });
  for (const file of ["main.ts", "package.json", "tsconfig.json"])
    copyFileSync(join(repository, file), join(folder, file));
  const context = { project: "app", bootstrap: { region: "us-west-2", github: false } };
  writeFileSync(join(folder, "cdktf.json"), JSON.stringify({ context }));
  for (const link of ["app.ts", "aws", "modules", "guardrails", "node_modules"])
    symlinkSync(join(repository, link), join(folder, link));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, "environments", file), text);
  return folder;
}

function load(folder: string) {
  const { files, mistakes } = loadEnvironmentFiles(folder);
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return files;
}

const loadFrom = (name: string, files: Readonly<Record<string, string>>) =>
  load(join(checkout(name, files), "environments"));

function mistakesOf(read: () => unknown): readonly Mistake[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.mistakes;
    throw error;
  }
  return [];
}

/** With nothing on the PATH: a synthesis needs Node alone, and no Terraform. */
const asProcess = (folder: string) =>
  spawnSync(process.execPath, ["--require", require.resolve("slipway/typescript"), "main.ts"], {
    cwd: folder,
    env: { ...process.env, PATH: "" },
    encoding: "utf8",
  });

/** The same in this process. */
const main = (folder: string) => synthesizeHere({ folder, environment: {} });

beforeAll(() => mkdirSync(root, { recursive: true }));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

describe("environment files", () => {
  test("are all read, by name, and nothing else in the folder is", () => {
    const loaded = loadFrom("all", {
      "b.ts": good,
      "a.ts": good,
      "notes.md": "#",
      "types.d.ts": "export {};",
    });
    expect(loaded.map(({ file }) => file)).toEqual(["a.ts", "b.ts"]);
    expect(loaded[0]?.props.region).toBe("us-west-2");
  });

  test.each([
    ["is missing", join(root, "nowhere")],
    ["is empty", checkout("empty", {})],
  ])("a folder that %s says what to copy", (_, folder) => {
    const [mistake] = mistakesOf(() =>
      load(folder.endsWith("empty") ? join(folder, "environments") : folder),
    );
    expect(mistake?.message).toContain("holds no environment; copy one");
  });

  test("that throw are named, with the reason and the line", () => {
    const [mistake] = mistakesOf(() =>
      loadFrom("throws", { "qa.ts": `const x = 1;\nthrow new Error("no luck");` }),
    );
    expect(mistake?.path).toBe("qa.ts");
    expect(mistake?.message).toMatch(/cannot be loaded: no luck \(qa\.ts:2:\d+\)/);
  });

  test("that throw what is no error are named", () => {
    const [mistake] = mistakesOf(() => loadFrom("throws-text", { "qa.ts": `throw "no luck";` }));
    expect(mistake).toEqual({ path: "qa.ts", message: "cannot be loaded: no luck" });
  });

  test("with a syntax error are named", () => {
    const [mistake] = mistakesOf(() => loadFrom("syntax", { "qa.ts": "export default environment({" }));
    expect(mistake?.path).toBe("qa.ts");
    expect(mistake?.message).toMatch(/cannot be loaded: (Unexpected|Expected).* \(qa\.ts:1:\d+\)$/);
  });

  test("that import a file with a syntax error are named, and so is that file", () => {
    const files = { "qa.ts": `import "../alarm";`, "../alarm.ts": "const x = ;" };
    const [mistake] = mistakesOf(() => loadFrom("syntax-beside", files));
    expect(mistake).toEqual({ path: "qa.ts", message: 'cannot be loaded: Unexpected ";" (alarm.ts:1:10)' });
  });

  test("that import what is not there are named", () => {
    const [mistake] = mistakesOf(() => loadFrom("import", { "qa.ts": `import "./absent";` }));
    expect(mistake?.message).toMatch(/cannot be loaded: Cannot find module '.\/absent'/);
  });

  test.each([
    ["nothing", ""],
    ["another thing", "export default 7;"],
    ["nothing by default", "export const x = 1;"],
    ["an environment of nothing", "export default { props: null };"],
  ])("that export %s are named, with what to write", (what, text) => {
    const [mistake] = mistakesOf(() => loadFrom(`exports-${what.replaceAll(" ", "-")}`, { "qa.ts": text }));
    expect(mistake).toEqual({
      path: "qa.ts",
      message: "exports no environment; write: export default environment({ … }).",
    });
  });

  test("are all reported at once", () => {
    const files = { "a.ts": "", "b.ts": "throw 1;", "c.ts": good };
    expect(mistakesOf(() => loadFrom("several", files)).map(({ path }) => path)).toEqual(["a.ts", "b.ts"]);
  });
});

describe("extend", () => {
  test("gets the finished environment, and may change any resource", () => {
    const graph = synthesize({
      props: least,
      extend: ({ database, network }) => {
        database?.instance.addOverride("iops", 6000);
        network.vpc.addOverride("enable_network_address_usage_metrics", true);
      },
    });
    expect(graph.one("aws_db_instance").iops).toBe(6000);
    expect(graph.one("aws_vpc").enable_network_address_usage_metrics).toBe(true);
  });

  test("is told of a name that is none, with those there are", () => {
    const asking = (ask: (own: Environment) => unknown, props: EnvironmentProps = least) => {
      const extend = (own: Environment) => void ask(own);
      return mistakesOf(() =>
        constructEnvironments(newApp(), filesOf({ staging: { props, extend } }), { project: "app" }),
      );
    };
    const uses = { uploads: "bucket", jobs: "queue" } as const;
    const two = { ...least, services: { ...least.services, api: { uses } } };
    expect(asking(({ services }) => services.webb, two)[0]?.message).toBe(
      'the second argument fails: there is no service "webb": there is web, api. Did you mean web?',
    );
    expect(asking(({ services }) => services.web)).toEqual([]);
    expect(asking((own) => own.uses.downloads, two)[0]?.message).toContain(
      'there is no use "downloads": there is uploads, jobs.',
    );
    const none = asking(({ services }) => services.web, { region: "us-west-2", services: {} });
    expect(none[0]?.message).toContain('there is no service "web": there is none.');
    // What JavaScript asks of any object is no name.
    expect(asking(({ services }) => [String(services), Promise.resolve(services)])).toEqual([]);
  });
});

describe("main.ts", () => {
  test("writes a stack per file, named after it", () => {
    const folder = checkout("two", { "staging.ts": good, "qa.ts": good });
    const { status, stderr } = asProcess(folder);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    for (const name of ["staging", "qa", "bootstrap"])
      expect(existsSync(join(folder, "cdktf.out/stacks", name, "cdk.tf.json"))).toBe(true);
  });

  test("refuses a file whose second argument refers to another's environment, and writes none", () => {
    const extended = (code: string) => good.replace(" });\n", ` }, (own: any) => { ${code} });\n`);
    const other = { "qa.ts": extended("(globalThis as any).other = own.network.vpc.id;") };
    const itself = "own.database.instance.addOverride('tags.from', (globalThis as any).other);";
    // Of a stack that no second argument is given: one reaches it all the same.
    const third = `own.node.root.node.findChild("plain").network.vpc.addOverride("tags.from", own.network.vpc.id);`;
    const each: readonly Readonly<Record<string, string>>[] = [
      { ...other, "staging.ts": extended(itself) },
      { "plain.ts": good, "qa.ts": extended(third) },
    ];
    for (const files of each) {
      const folder = checkout(`referring-${Object.keys(files).join("-")}`, files);
      const { code, said } = synthesizeHere({ folder, environment: {} });
      expect({ code, said }).toEqual({
        code: 1,
        said: expect.stringContaining("Another stack refers to qa's"),
      });
      expect(existsSync(join(folder, "cdktf.out/stacks/qa"))).toBe(false);
    }
    delete (globalThis as { other?: string }).other;
  });

  test("says what breaks a rule of the guardrails, and writes all the same", () => {
    const open = good.replace(
      "region:",
      'bastion: { ssh: { publicKey: "ssh-ed25519 AAAA x", cidrs: ["0.0.0.0/0"] } }, region:',
    );
    const folder = checkout("open", { "staging.ts": open });
    const { code, said } = main(folder);
    expect(said).toMatch(
      /staging: open-ingress: aws_vpc_security_group_ingress_rule\.\w+ cidr_ipv4 = "0\.0\.0\.0\/0"/,
    );
    expect(said).not.toMatch(/^\s+at /m);
    expect(code).toBe(0);
    expect(existsSync(join(folder, "cdktf.out/stacks/staging/cdk.tf.json"))).toBe(true);
  });

  test("tells of names that are not known, and writes all the same", () => {
    const folder = checkout("unknown", { "staging.ts": good.replace("us-west-2", "us-west-3") });
    const config = JSON.parse(readFileSync(join(folder, "cdktf.json"), "utf8"));
    config.context.bootstrap.region = "eu-wets-1";
    writeFileSync(join(folder, "cdktf.json"), JSON.stringify(config));
    const { code, said } = main(folder);
    for (const line of [
      'cdktf.json.context.bootstrap.region: "eu-wets-1" is not known here, and taken as it is. Did you mean "eu-west-1"?',
      'staging.region: "us-west-3" is not known here, and taken as it is. Did you mean "us-west-1"?',
    ])
      expect(said.split("\n").filter((one) => one === line)).toHaveLength(1);
    expect(code).toBe(0);
    expect(existsSync(join(folder, "cdktf.out/stacks/staging/cdk.tf.json"))).toBe(true);
  });

  test("reports mistakes in cdktf.json beside those in environment files", () => {
    const folder = checkout("context", { "qa.ts": "throw 1;" });
    const config = JSON.parse(readFileSync(join(folder, "cdktf.json"), "utf8"));
    config.context.bootstrap.github = "repository";
    writeFileSync(join(folder, "cdktf.json"), JSON.stringify(config));
    const { code, said } = main(folder);
    expect(code).toBe(1);
    expect(said).toMatch(
      /2 mistakes[\s\S]*cdktf\.json\.context\.bootstrap\.github\.repository: "repository" is no GitHub repository[\s\S]*qa\.ts: cannot be loaded/,
    );
    expect(existsSync(join(folder, "cdktf.out"))).toBe(false);
  });

  test.each([
    ["with a comment", "// ours\n{}", /Unexpected token/],
    ["cut off", '{ "context": ', /Unexpected end/],
  ])("reports a cdktf.json that is no JSON: %s", (what, text, why) => {
    const folder = checkout(`broken-${what.length}`, {});
    writeFileSync(join(folder, "cdktf.json"), text);
    const { code, said } = main(folder);
    expect(code).toBe(1);
    expect(said).toMatch(/1 mistake[\s\S]*cdktf\.json: cannot be read: /);
    expect(said).toMatch(why);
    expect(said).not.toMatch(/^\s+at /m);
    expect(existsSync(join(folder, "cdktf.out"))).toBe(false);
  });

  test("prints one report of all mistakes, fails, and writes nothing", () => {
    const files = {
      "staging.ts": good.replace("us-west-2", "us-west"),
      "Prod.ts": good.replace("port: 80", 'port: 80, health: "up"'),
      "qa.ts": "throw new Error('no luck')",
    };
    const folder = checkout("wrong", files);
    const { status, stderr, stdout } = asProcess(folder);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("4 mistakes in the configuration, nothing was written");
    expect(stderr).toMatch(
      /qa\.ts: cannot be loaded: no luck[\s\S]*Prod: name "Prod" has upper case[\s\S]*services\.web\.health\.path[\s\S]*staging\.region/,
    );
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(existsSync(join(folder, "cdktf.out"))).toBe(false);
  });
});
