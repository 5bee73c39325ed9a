import { describe, expect, test } from "vitest";
import { targetsOf } from "../../github/targets";
import { defaultsOf, workflowOf } from "../workflows/support/workflows";

const defaults = defaultsOf(workflowOf("service"));

const targets = (inputs: object, ref = "refs/heads/main", base = "") =>
  targetsOf(JSON.stringify({ ...defaults, ...inputs }), { ref, base });

const app = { repository: "app", context: ".", target: "", "test-target": "", "test-command": "" };

describe("where a push goes", () => {
  test.each([
    ["refs/heads/main", ["staging"]],
    ["refs/heads/prod", ["prod"]],
    ["refs/tags/v1.2", ["prod"]],
    ["refs/tags/v10.0.1-rc", ["prod"]],
    ["refs/tags/vendor-x", []],
    ["refs/tags/main", []],
    ["refs/heads/v1.2", []],
    ["refs/heads/mainly", []],
    ["refs/heads/a/main", []],
  ])("as nobody says otherwise: %s to %j", (ref, environments) => {
    expect(targets({ repository: "app" }, ref)).toEqual({
      images: [app],
      first: environments,
      second: [],
      third: [],
      environments,
      tested: [],
      name: "app",
    });
  });

  const environments = `
    main: dev lab > live live-eu > archive
    release/*: live
    "**-hotfix": live
    tags/web-[0-9]+: live
    "*": preview
  `;

  test.each([
    ["refs/heads/main", [["dev", "lab"], ["live", "live-eu"], ["archive"]]],
    ["refs/heads/release/1.x", [["live"], [], []]],
    ["refs/heads/release/1/x", [[], [], []]],
    ["refs/heads/ana/db-hotfix", [["live"], [], []]],
    ["refs/heads/feature", [["preview"], [], []]],
    ["refs/tags/web-12", [["live"], [], []]],
    ["refs/tags/web-", [[], [], []]],
  ])("as the input says, the first pattern that fits: %s", (ref, [first, second, third]) => {
    const found = targets({ repository: "app", environments }, ref);
    expect(found).toMatchObject({ first, second, third });
    expect(found.environments).toEqual([first, second, third].flat());
  });

  test.each([
    ["a pull request: where its branch goes", "refs/pull/7/merge", "release/1.x", ["live"]],
    [
      "a pull request into a branch that goes nowhere: where the first one goes",
      "refs/pull/7/merge",
      "a/b",
      ["dev", "lab", "live", "live-eu", "archive"],
    ],
    [
      "a merge queue: where its branch goes",
      `refs/heads/gh-readonly-queue/release/1.x/pr-7-${"1f".repeat(20)}`,
      "",
      ["live"],
    ],
  ])("of %s", (_, ref, base, found) => {
    expect(targets({ repository: "app", environments }, ref, base).environments).toEqual(found);
  });
});

describe("what is built", () => {
  test("one image, with all that is said of it", () => {
    const said = {
      context: "services/web",
      target: "web",
      "test-target": "test",
      "test-command": "make test",
    };
    const image = { repository: "team/web", ...said };
    expect(targets(image)).toMatchObject({ images: [image], tested: [image], name: "team/web" });
  });

  test("an image for each repository, as YAML or as JSON", () => {
    const services = "web: { context: web, test-command: npm test }\nworker: { target: worker }\napp:\n";
    const images = [
      { ...app, repository: "web", context: "web", "test-command": "npm test" },
      { ...app, repository: "worker", target: "worker" },
      app,
    ];
    expect(targets({ services })).toMatchObject({ images, tested: [images[0]], name: "web+worker+app" });
    const json = JSON.stringify({ web: { context: "web" } });
    expect(targets({ services: json }).images).toEqual([{ ...app, repository: "web", context: "web" }]);
  });
});

describe("what cannot be", () => {
  test.each<[string, object, RegExp]>([
    ["neither repository nor services", {}, /^ {2}repository: is not given, nor services/m],
    [
      "both",
      { repository: "app", target: "web", services: "web: {}" },
      /^ {2}repository, target: stands beside services; say it there/m,
    ],
    ["a repository's name", { repository: "App" }, /^ {2}repository: .*no name of an ECR repository/m],
    ["a repository's name among several", { services: "Web: {}" }, /^ {2}services\.Web: /m],
    ["an option", { services: "web: { contxt: web }" }, /^ {2}services\.web: .*contxt/m],
    ["no YAML", { services: "web: {" }, /^ {2}services: is no YAML: /m],
    ["a list", { services: "- web" }, /^ {2}services: /m],
    [
      "a folder above",
      { repository: "app", context: "web/../.." },
      /^ {2}context: is no folder of the repository/m,
    ],
    ["a folder from the root", { repository: "app", context: "/etc" }, /^ {2}context: is no folder/m],
    [
      "another repository as context",
      { repository: "app", context: "https://x.example/y.git" },
      /^ {2}context: /m,
    ],
    ["an option as stage", { repository: "app", "test-target": "--push" }, /^ {2}test-target: is no stage/m],
    [
      "no environment",
      { repository: "app", environments: 'main: ""' },
      /^ {2}environments\.main: "" names no environment/m,
    ],
    [
      "an empty turn",
      { repository: "app", environments: "main: staging > > prod" },
      /names no environment where/,
    ],
    [
      "an environment twice",
      { repository: "app", environments: "main: a > b a" },
      /names an environment twice/,
    ],
    [
      "four turns",
      { repository: "app", environments: "main: a > b > c > d" },
      /has 4 turns; there are at most 3/,
    ],
    [
      "words",
      { repository: "app", environments: "main: $(x)" },
      /has \$\(x\), which is no environment's name/,
    ],
    [
      "a pattern",
      { repository: "app", environments: '"v[": prod' },
      /^ {2}environments\.v\[: .*stands beside no pattern/m,
    ],
    [
      "a list of environments",
      { repository: "app", environments: "main: [a, b]" },
      /^ {2}environments\.main: /m,
    ],
  ])("%s", (_, inputs, said) => {
    expect(() => targets(inputs)).toThrow(said);
  });

  test("all of it at once", () => {
    const wrong = { repository: "App", context: "/", environments: "main: a a\nprod: $" };
    expect(() => targets(wrong)).toThrow(/context: [\s\S]*repository: /);
    expect(() => targets({ services: "Web: {}", environments: "main: a a\nprod: $" })).toThrow(
      /services\.Web: is no name[\s\S]*environments\.main[\s\S]*environments\.prod/,
    );
  });
});
