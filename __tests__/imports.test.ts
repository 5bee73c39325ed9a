import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

/** One module that a file asks for: by import, export … from, require or dynamic import. */
interface Import {
  /** Path within the repository. */
  readonly file: string;
  /** As it is written. */
  readonly specifier: string;
  /** Where it leads within the repository, without an ending; a package's own name otherwise. */
  readonly target: string;
  /** Names in braces, as the module exports them. */
  readonly names: readonly string[];
}

const root = resolve(__dirname, "..");
const houses = [
  "aws",
  "app.ts",
  "main.ts",
  "environments",
  "modules",
  "deploy",
  "plan",
  "guardrails",
  "sandbox",
  "postgres",
  "github",
  "import",
  "demo",
  "bench",
  "try",
  "terraform",
  "npm",
  "dns",
  "move",
  "testing",
  "terminal",
  "cli",
  "build",
  "create",
  "__tests__",
];
/** What is here and not in the package: it may use devDependencies. */
const unpublished = ["main.ts", "environments", "build", "create", "demo", "bench", "try", "__tests__"];
const SOURCE = /\.[cm]?tsx?$/;

/** Import statements, whatever they bring in: types, values, nothing, at once or later. */
const STATEMENTS = [
  /^[ \t]*(?:import|export)\b(?:\s+type\b)?([^"'`;()]*?)\bfrom\s*["']([^"']+)["']/gm,
  /^[ \t]*import()\s*["']([^"']+)["']/gm,
  /\b(?:require(?:\.resolve)?|import)()\s*\(\s*["'`]([^"'`$]+)["'`]/g,
];

/** The text without what is only said, not done: comments. Strings stay, as specifiers are strings. */
const withoutComments = (text: string) =>
  text.replaceAll(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    "$1",
  );

function importsOf(file: string, text: string): Import[] {
  const code = withoutComments(text);
  return STATEMENTS.flatMap((pattern) => [...code.matchAll(pattern)]).map(
    ([, clause = "", specifier = ""]) => ({
      file,
      specifier,
      target: specifier.startsWith(".")
        ? join(dirname(file), specifier).replace(/\.[cm]?[jt]s$/, "")
        : (/^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier),
      names: (/\{([^}]*)\}/.exec(clause)?.[1] ?? "")
        .split(",")
        .map(
          (name) =>
            name
              .replace(/^\s*type\s/, "")
              .trim()
              .split(/\s/)[0] ?? "",
        )
        .filter((name) => name !== ""),
    }),
  );
}

function filesIn(path: string): string[] {
  if (SOURCE.test(path)) return [path];
  return readdirSync(join(root, path), { recursive: true, encoding: "utf8" })
    .filter((file) => SOURCE.test(file) && !file.includes("node_modules"))
    .map((file) => join(path, file));
}

const imports = houses
  .flatMap(filesIn)
  .flatMap((file) => importsOf(file, readFileSync(join(root, file), "utf8")));

/** Everything that a source loads: files by their paths, and packages. What is imported as a type is not loaded. */
function loadedBy(file: string, known = new Set<string>()): string[] {
  known.add(file);
  const typeless = withoutComments(readFileSync(join(root, file), "utf8")).replaceAll(
    /^(import|export) type [^;]*;/gm,
    "",
  );
  for (const { target, specifier } of importsOf(file, typeless)) {
    const found = specifier.startsWith(".")
      ? [`${target}.ts`, `${target}/index.ts`].find((path) => existsSync(join(root, path)))
      : target;
    if (found === undefined || known.has(found)) continue;
    if (specifier.startsWith(".")) loadedBy(found, known);
    else known.add(found);
  }
  return [...known];
}

const house = (path: string) =>
  houses.find((name) => `${path}/`.startsWith(`${name.replace(/\.ts$/, "")}/`) || path === name);
const from = (name: string) => imports.filter(({ file }) => house(file) === name);
const within = (all: readonly Import[]) => all.filter(({ specifier }) => specifier.startsWith("."));
const lines = (all: readonly Import[]) => all.map(({ file, specifier }) => `${file} imports ${specifier}`);

/** A fact of AWS's, which stands once for all. */
const isFact = (target: string) => target.startsWith("aws/");

/** What all commands share: one table of exit codes, one way to read a command line. */
const isTerminal = (target: string) => target.startsWith("terminal/");

/** The nearest of known words to one that is none. */
const isSimilar = (target: string) => target === "modules/similar";

/** What --offline opens, in the command's own process. */
const isOpening = (target: string) => /^sandbox\/(command\/(open|options)|files)$/.test(target);

/** Imports that lead into another house than those allowed. */
const strays = (name: string, allowed: (target: string) => boolean) =>
  lines(within(from(name)).filter(({ target }) => house(target) !== name && !allowed(target)));

describe("who may import whom", () => {
  test("environments and main.ts: the package, as everybody's do", () => {
    const own = [...from("environments"), ...from("main.ts")];
    expect(lines(within(own))).toEqual([]);
    expect(own.filter(({ target }) => target === "slipway").length).toBeGreaterThan(2);
  });

  test("app.ts: modules, and the guardrails that look at what they make", () => {
    expect(strays("app.ts", (target) => /^modules\//.test(target) || target === "guardrails")).toEqual([]);
  });

  test("nothing that is in the package asks for it by its name: sources find each other by path", () => {
    const asking = imports.filter(
      ({ file, target }) => target === "slipway" && !unpublished.includes(house(file) ?? ""),
    );
    expect(lines(asking)).toEqual([]);
  });

  test("aws: nothing, facts stand alone", () => {
    expect(lines(from("aws").filter(({ target }) => !isFact(target) && !target.startsWith("node:")))).toEqual(
      [],
    );
    expect(filesIn("aws").length).toBeGreaterThan(5);
  });

  test("a part of an environment: nothing of what composes them but its name", () => {
    const parts =
      /^modules\/(bastion|cluster|database|distribution|internal|key|network|registry|service|uses)\//;
    const composing = imports.filter(
      ({ file, target }) =>
        parts.test(file) && target.startsWith("modules/environment") && target !== "modules/environment/name",
    );
    expect(lines(composing)).toEqual([]);
    expect(imports.filter(({ file }) => parts.test(file)).length).toBeGreaterThan(100);
  });

  test("modules: themselves, AWS's facts, and how to suppress a rule beside what breaks it", () => {
    expect(strays("modules", (target) => target === "guardrails/suppress" || isFact(target))).toEqual([]);
    expect(from("modules").length).toBeGreaterThan(100);
  });

  test("deploy: of modules, the contract alone, and whom to ask for records", () => {
    const allowed = (target: string) => /^modules\/contract(\/|$)/.test(target) || target === "dns/records";
    expect(strays("deploy", (target) => allowed(target) || isTerminal(target) || isSimilar(target))).toEqual(
      [],
    );
  });

  test("move: deploy's parts, the contract, and whom to ask for records", () => {
    const allowed = (target: string) =>
      /^(deploy|modules\/contract)(\/|$)/.test(target) || target === "dns/records" || isTerminal(target);
    expect(strays("move", allowed)).toEqual([]);
    expect(from("move").length).toBeGreaterThan(30);
  });

  test("cli: the programs that it loads, one at a time", () => {
    expect(
      strays("cli", (target) => /^\w+\/main$|package\.json$/.test(target) || isTerminal(target)),
    ).toEqual([]);
  });

  test("the contract: nothing of the house, so that deploy drags in none of it", () => {
    const contract = imports.filter(({ file }) => file.startsWith("modules/contract/"));
    expect(lines(within(contract).filter(({ target }) => !/^modules\/contract(\/|$)/.test(target)))).toEqual(
      [],
    );
    expect(contract.length).toBeGreaterThan(0);
  });

  test("sandbox: neither modules nor deploy, it knows AWS and Terraform only", () => {
    expect(
      strays(
        "sandbox",
        (target) =>
          target === "terraform/binaries" || isFact(target) || isTerminal(target) || isSimilar(target),
      ),
    ).toEqual([]);
  });

  test("in the sandbox, what applies and what runs meet in the world alone", () => {
    const parts = (...names: readonly string[]) => names.map((name) => `sandbox/${name}/`);
    const applies = parts("aws", "provider", "schema", "wire", "iam");
    const runs = parts("engine");
    const is = (path: string, of: readonly string[]) => of.some((part) => path.startsWith(part));
    const crossing = imports.filter(
      ({ file, target }) =>
        (is(file, applies) && is(target, [...runs, "sandbox/api/"])) ||
        (is(file, runs) && is(target, [...applies, "sandbox/api/"])),
    );
    expect(lines(crossing)).toEqual([]);
    expect(imports.filter(({ file }) => is(file, runs)).length).toBeGreaterThan(30);
  });

  test.each(["terraform", "npm", "dns", "testing"])("%s: nothing of the house", (name) => {
    expect(strays(name, () => false)).toEqual([]);
    expect(filesIn(name).length).toBeGreaterThan(0);
  });

  test.each<[string, (target: string) => boolean]>([
    ["terminal", (target) => target === "npm/swallowed"],
    ["build", (target) => ["package.json", "create/project", "plan/upgrade/report"].includes(target)],
    // An answer is refused as the first synthesis would refuse it.
    ["create", (target) => /^modules\/(project|mistakes|service\/props)$/.test(target) || isTerminal(target)],
    [
      "plan",
      (target) =>
        // An apply takes the lock of a move, as its steps do.
        ["terraform/binaries", "dns/records", "modules/contract/move", "move/keep-steps-away"].includes(
          target,
        ) ||
        isFact(target) ||
        isTerminal(target) ||
        isSimilar(target) ||
        isOpening(target),
    ],
    ["guardrails", (target) => isFact(target) || isTerminal(target)],
    ["postgres", (target) => target.startsWith("modules/") || isTerminal(target)],
    [
      "import",
      (target) => /^(modules\/|deploy\/aws\/error$)/.test(target) || isFact(target) || isTerminal(target),
    ],
    ["github", (target) => /^plan\/(report|markdown|order|stacks)$/.test(target) || isTerminal(target)],
    // Its clock is preloaded into deploy, whose time it lets go on faster; the play of a move goes on in one process, as tests of it do.
    [
      "demo",
      (target) =>
        /^(cdktf\.json|(deploy|move|plan|sandbox|modules|__tests__)\/.*)$/.test(target) || isTerminal(target),
    ],
  ])("%s: what it is about, and nothing else", (name, allowed) => {
    expect(strays(name, allowed)).toEqual([]);
    expect(from(name).length).toBeGreaterThan(3);
  });

  test.each(["postgres", "github", "import", "demo", "bench", "try", "move"])(
    "nobody imports %s but tests, the demo and the command",
    (name) => {
      const others = imports.filter(
        ({ file, target }) =>
          house(target) === name &&
          ![name, "__tests__", "cli", "demo"].includes(house(file) ?? "") &&
          !(file === "plan/move-lock.ts" && target === "move/keep-steps-away"),
      );
      expect(lines(others)).toEqual([]);
    },
  );

  test("nobody imports sandbox but tests, measurements, the demo, the command, and plan, which opens it for --offline", () => {
    const intruders = imports.filter(
      ({ file, target }) =>
        house(target) === "sandbox" &&
        !["sandbox", "bench", "demo", "cli", "__tests__"].includes(house(file) ?? "") &&
        !(file === "plan/offline.ts" && isOpening(target)),
    );
    expect(lines(intruders)).toEqual([]);
  });

  test("what resolves an environment's options: no construct, as commands that make none read options, too", () => {
    const reached = loadedBy("modules/environment/resolve.ts");
    expect(reached).toContain("modules/environment/check.ts");
    expect(reached.filter((one) => /^(constructs|cdktf|@cdktf\/.*)$/.test(one))).toEqual([]);
  });

  test("nobody imports tests", () => {
    const intruders = imports.filter(
      ({ file, target }) =>
        house(target) === "__tests__" && !["bench", "demo", "try", "__tests__"].includes(house(file) ?? ""),
    );
    expect(lines(intruders)).toEqual([]);
  });
});

describe("packages", () => {
  test("the AWS bindings come by resource, never by their index, which costs seconds and 1.5 GB", () => {
    const index = imports.filter(
      ({ specifier }) =>
        specifier.startsWith("@cdktf/provider-aws") &&
        !/^@cdktf\/provider-aws\/(lib\/[a-z0-9-]+|package\.json)$/.test(specifier),
    );
    expect(lines(index)).toEqual([]);
  });

  test("each import is of a package that package.json names, or of Node by its node: name", () => {
    const { name, dependencies, peerDependencies, devDependencies } = JSON.parse(
      readFileSync(join(root, "package.json"), "utf8"),
    );
    const published = Object.keys({ ...dependencies, ...peerDependencies });
    const here = [name, ...published, ...Object.keys(devDependencies)];
    const strange = imports
      .filter(({ specifier }) => !specifier.startsWith(".") && !specifier.startsWith("node:"))
      .filter(
        ({ file, target }) => !(unpublished.includes(house(file) ?? "") ? here : published).includes(target),
      );
    expect(lines(strange)).toEqual([]);
    expect(lines(imports.filter(({ specifier }) => builtinModules.includes(specifier)))).toEqual([]);
  });

  test("deploy loads what npm ci --omit=dev installs, and no peer: release.yaml runs it so", () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const packages = loadedBy("deploy/main.ts").filter(
      (one) => !SOURCE.test(one) && !builtinModules.includes(one.replace("node:", "")),
    );
    expect(packages).toContain("@aws-sdk/client-ecs");
    expect(packages.filter((one) => !(one in dependencies))).toEqual([]);
  });

  test("of cdktf and constructs, only what the community continuation offers under the same name", () => {
    // What cdktn 0.24 and constructs 10 export too, of what there is in cdktf 0.21. Add a name once it is looked up.
    const offered: Readonly<Record<string, readonly string[]>> = {
      cdktf: [
        "App",
        "DataResource",
        "DefaultTokenResolver",
        "Fn",
        "IResolvable",
        "ITerraformDependable",
        "Lazy",
        "LocalBackend",
        "Op",
        "S3Backend",
        "StringConcat",
        "TerraformDataSource",
        "TerraformElement",
        "TerraformLocal",
        "TerraformOutput",
        "TerraformResource",
        "TerraformStack",
        "Testing",
        "Token",
        "Tokenization",
      ],
      constructs: ["Construct", "IConstruct", "Node"],
    };
    const others = imports
      .filter(({ target, file }) => target in offered && house(file) !== "sandbox")
      .filter(({ specifier, target, names }) => {
        const whole = specifier !== target || names.length === 0;
        return whole || names.some((name) => !offered[target]?.includes(name));
      });
    expect(
      others.map(({ file, specifier, names }) => `${file}: ${names.join(", ")} of ${specifier}`),
    ).toEqual([]);
  });

  test("nobody asks `instanceof` of a class of cdktf's: two copies of the library may be installed", () => {
    const asking = (file: string, text: string) => {
      const classes = importsOf(file, text)
        .filter(({ target }) => /^(cdktf|constructs|@cdktf\/provider-aws)$/.test(target))
        .flatMap(({ names }) => names);
      return [...withoutComments(text).matchAll(/\binstanceof\s+(\w+)/g)]
        .filter(([, name = ""]) => classes.includes(name))
        .map(([asked]) => `${file}: ${asked}`);
    };
    expect(asking("x.ts", 'import { App, type Token } from "cdktf";\nif (x instanceof App) y();')).toEqual([
      "x.ts: instanceof App",
    ]);
    const files = houses.flatMap(filesIn);
    expect(files.flatMap((file) => asking(file, readFileSync(join(root, file), "utf8")))).toEqual([]);
  });

  test("neither modules nor environments reach for AWS while they synthesize", () => {
    const reaching = [...from("modules"), ...from("environments")].filter(({ target }) =>
      /^(@aws-sdk\/|node:(http|https|net|child_process)$)/.test(target),
    );
    expect(lines(reaching)).toEqual([]);
  });
});

describe("this test", () => {
  test.each([
    ['import { a, type B } from "./x";', "modules/x", ["a", "B"]],
    ['import type { A } from "../x.ts";', "x", ["A"]],
    ['import {\n  a as b,\n  c,\n} from "./x";', "modules/x", ["a", "c"]],
    ['export { a } from "./x";', "modules/x", ["a"]],
    ['export * from "./x";', "modules/x", []],
    ['import "./x";', "modules/x", []],
    ['import x from "@scope/name/deep";', "@scope/name", []],
    ['const x = require("./x");', "modules/x", []],
    ['const x = await import("node:fs");', "node:fs", []],
    ['const y: import("../deploy/x").Y = z;', "deploy/x", []],
  ])("sees %j", (text, target, names) => {
    expect(importsOf("modules/file.ts", text)).toMatchObject([{ target, names }]);
  });

  test.each(['// import "./x";', '/* require("./x") */', "const important = 1;"])(
    "does not see %j",
    (text) => {
      expect(importsOf("modules/file.ts", text)).toEqual([]);
    },
  );

  test("reads the files it is about", () => {
    const read = new Set(imports.map(({ file }) => relative(".", file)));
    for (const file of ["app.ts", "main.ts", "environments/staging.ts", "modules/stack.ts"])
      expect(read).toContain(file);
  });
});
