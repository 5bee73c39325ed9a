import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { resolve } from "../../modules/environment/resolve";
import { commandLine } from "../../sandbox/engine/folder-image";
import { shipped } from "../support/shipped";
import { EXAMPLE } from "./support/goose";

const read = (file: string) => readFileSync(join(EXAMPLE, file), "utf8");
const web = resolve(shipped.staging.props, "staging").configuration?.services[0];

/** One instruction of a Dockerfile, and the stage that it belongs to. */
interface Instruction {
  readonly name: string;
  readonly text: string;
  readonly stage: number;
}

/** Comments go, lines that go on are joined. Source: Dockerfile reference, "Format". */
function instructions(dockerfile: string): Instruction[] {
  const lines = dockerfile
    .split("\n")
    .filter((line) => !/^\s*#/.test(line))
    .join("\n")
    .replaceAll(/\\\n/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "");
  let stage = -1;
  return lines.map((line) => {
    const [, name = "", text = ""] = /^\s*(\w+)\s+(.*\S)\s*$/.exec(line) ?? [];
    if (name === "FROM") stage += 1;
    return { name, text: text.replaceAll(/\s+/g, " "), stage };
  });
}

const all = instructions(read("Dockerfile"));
const named = (name: string) => all.filter((instruction) => instruction.name === name);
const stages = named("FROM");
const tests = all.filter(({ stage }) => stages[stage]?.text.endsWith(" AS test"));
const last = all.filter(({ stage }) => stage === stages.length - 1);
const one = (name: string) => {
  const found = last.filter((instruction) => instruction.name === name);
  expect(found, name).toHaveLength(1);
  return found[0]?.text ?? "";
};

/** Whether a path at the top is left out of the build: the last line that matches says. Source: "Build context", Docker. */
function ignored(path: string): boolean {
  let left = false;
  for (const line of read(".dockerignore").split("\n")) {
    const [, not, pattern = ""] = /^(!?)([^#].*)?$/.exec(line.trim()) ?? [];
    const expression = pattern.replaceAll(/[.+^$()|[\]]/g, "\\$&").replaceAll("*", "[^/]*");
    if (pattern && new RegExp(`^${expression}$`).test(path)) left = not !== "!";
  }
  return left;
}

/** The files of the build that a COPY or ADD names; none where it copies from another stage or from an address. */
const sources = ({ text }: Instruction) =>
  text.includes("--from=") || text.includes("https://")
    ? []
    : text
        .split(" ")
        .filter((word) => !word.startsWith("--"))
        .slice(0, -1);

/** Names at the top of the example that a word of COPY stands for. */
const matching = (word: string) =>
  readdirSync(EXAMPLE).filter((name) =>
    new RegExp(`^${word.replaceAll(".", "\\.").replaceAll("*", ".*")}$`).test(name),
  );

const copied = last
  .filter(({ name }) => name === "COPY")
  .flatMap(sources)
  .flatMap(matching);

describe("the example's Dockerfile", () => {
  test("starts each stage from an exact version, or from a stage before", () => {
    const bases = stages.filter(({ text }) => text !== "packages AS test");
    expect(bases).toHaveLength(stages.length - 1);
    for (const { text } of bases) expect(text).toMatch(/(^| )[a-z]+:\d+\.\d+\.\d+-[a-z]\S*( AS [a-z]+)?$/);
    const node = stages.filter(({ text }) => text.includes("node:")).map(({ text }) => text.split(" ")[0]);
    expect(node.length).toBeGreaterThan(1);
    expect(new Set(node).size).toBe(1);
  });

  test("builds goose from its module at one exact version, for the target's processor", () => {
    const [run, ...others] = named("RUN").filter(({ text }) => text.includes("goose"));
    expect(others).toEqual([]);
    expect(run?.text).toMatch(/go install .*github\.com\/pressly\/goose\/v3\/cmd\/goose@v3\.\d+\.\d+ /);
    expect(new Set(run?.text.match(/v\d+\.\d+\.\d+/g)).size).toBe(1);
    expect(run?.text).toContain("GOOS=$TARGETOS GOARCH=$TARGETARCH");
    expect(run?.text).not.toContain("no_postgres");
    expect(stages[run?.stage ?? -1]?.text).toContain("--platform=$BUILDPLATFORM");
    // Whatever is not built for the machine that builds must not be made on it.
    expect(stages.filter(({ text }) => text.includes("BUILDPLATFORM"))).toHaveLength(1);
  });

  test("installs exactly what the lock file says, nothing for development", () => {
    const npm = named("RUN").filter(({ text }) => text.includes("npm"));
    expect(npm.map(({ text }) => text)).toEqual(["npm ci --omit=dev"]);
    const { dependencies, devDependencies } = JSON.parse(read("package.json"));
    const { packages } = JSON.parse(read("package-lock.json"));
    expect(packages[""].dependencies).toEqual(dependencies);
    expect(devDependencies).toBeUndefined();
    for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    for (const [path, entry] of Object.entries<Record<string, string>>(packages)) {
      if (path === "") continue;
      expect(entry.integrity, path).toMatch(/^sha512-/);
      expect(entry.resolved, path).toBeUndefined();
    }
  });

  test("copies files that exist and that the build is given", () => {
    const words = named("COPY").flatMap(sources);
    expect(words.length).toBeGreaterThan(4);
    for (const word of words) {
      const names = matching(word);
      expect(names.length, word).toBeGreaterThan(0);
      for (const name of names) expect(ignored(name), name).toBe(false);
    }
  });

  test("tests the service in a stage of its own, of which nothing is in the image", () => {
    expect(tests.map(({ name, text }) => `${name} ${text}`)).toEqual([
      "FROM packages AS test",
      "COPY *.js ./",
      "COPY test test",
      "RUN node --test",
    ]);
    expect(last.some(({ text }) => text.includes("--from=test"))).toBe(false);
    const { status, stdout } = spawnSync(process.execPath, ["--test"], { cwd: EXAMPLE, encoding: "utf8" });
    expect(status, stdout).toBe(0);
    expect(stdout).toMatch(/ tests [1-9]/);
  });

  test("copies from stages that exist what they make", () => {
    const from = named("COPY").flatMap(({ text }) => /--from=(\S+) (\S+)/.exec(text)?.slice(1, 3) ?? []);
    expect(from).toEqual(["goose", "/goose", "packages", "/app/node_modules"]);
    for (const name of ["goose", "packages"])
      expect(stages.filter(({ text }) => text.endsWith(` AS ${name}`))).toHaveLength(1);
  });

  test("holds every file that the service imports", () => {
    const seen = new Set<string>();
    const visit = (file: string) => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const [, target = ""] of read(file).matchAll(/from "\.\/([^"]+)"/g)) visit(target);
    };
    visit("server.js");
    expect(seen.size).toBeGreaterThan(2);
    for (const file of seen) expect(copied, file).toContain(file);
    // Without it Node would take .js files for CommonJS.
    expect(copied).toContain("package.json");
  });

  test("holds the migrations where the environment's command looks for them", () => {
    expect(web?.migrations).toEqual({ command: ["goose", "-dir", "migrations", "up"] });
    expect(copied).toContain("migrations");
    expect(last.map(({ text }) => text)).toContain("migrations migrations");
    expect(one("WORKDIR")).toBe("/app");
    expect(named("COPY").map(({ text }) => text)).toContain("--from=goose /goose /usr/local/bin/goose");
  });

  test("runs the service itself, not a shell around it, and not as root", () => {
    expect(JSON.parse(one("CMD"))).toEqual(["node", "server.js"]);
    expect(named("ENTRYPOINT")).toEqual([]);
    expect(one("USER")).toBe("node");
    // Nothing is copied or run as that user: what the service runs it cannot change.
    const user = last.findIndex(({ name }) => name === "USER");
    expect(last.slice(user).map(({ name }) => name)).toEqual(["USER", "EXPOSE", "HEALTHCHECK", "CMD"]);
  });

  test("has the port and the path of health that the environment says", () => {
    expect(one("EXPOSE")).toBe(String(web?.port));
    expect(one("HEALTHCHECK")).toContain(`http://127.0.0.1:${web?.port}${web?.health.path}'`);
    expect(read("server.js")).toContain(`process.env.PORT ?? ${web?.port}`);
  });

  test("trusts RDS's authorities, in Node and in goose, which any user can read", () => {
    const [, file] =
      /^--chmod=644 https:\/\/truststore\.pki\.rds\.amazonaws\.com\/\S+ (\S+)$/.exec(one("ADD")) ?? [];
    expect(file).toMatch(/^\/.*\.pem$/);
    const variables = one("ENV").split(" ");
    expect(variables).toContain(`NODE_EXTRA_CA_CERTS=${file}`);
    expect(variables).toContain(`PGSSLROOTCERT=${file}`);
    expect(variables).toContain("NODE_ENV=production");
  });

  test("is read by the sandbox as by docker", () => {
    expect(commandLine(EXAMPLE, undefined, [])).toEqual(["node", "server.js"]);
    expect(commandLine(EXAMPLE, undefined, web?.migrations ? web.migrations.command : [])[0]).toBe("goose");
  });
});

test("the build is given nothing that is no part of the image, nor tests it", () => {
  for (const name of [".git", ".github", "node_modules", "local.env", ".env", "compose.yaml", "README.md"])
    expect(ignored(name), name).toBe(true);
  const given = readdirSync(EXAMPLE).filter((name) => !ignored(name));
  expect(given.sort()).toEqual([...new Set([...copied, "package-lock.json", "test"])].sort());
  expect(existsSync(join(EXAMPLE, ".dockerignore"))).toBe(true);
});
