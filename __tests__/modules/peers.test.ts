import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { checkPeers } from "../../modules/peers";

const base = realpathSync(mkdtempSync(join(tmpdir(), "slipway-peers-")));
/** Another one for each test: Node remembers what it found where. */
let project: string;
const SLIPWAY = "node_modules/slipway";
const peerDependencies = { cdktf: ">=0.21.0 <1", constructs: "^10.4.2" };

/** Puts a package into the project. */
function install(place: string, version: string, manifest: object = {}): void {
  mkdirSync(join(project, place), { recursive: true });
  writeFileSync(join(project, place, "package.json"), JSON.stringify({ version, ...manifest }));
}

beforeEach(() => {
  project = mkdtempSync(join(base, "project-"));
  install(SLIPWAY, "1.0.0", { peerDependencies });
  install("node_modules/cdktf", "0.21.0");
  install("node_modules/constructs", "10.7.2");
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

const lines = (here = join(project, SLIPWAY)) =>
  checkPeers(project, here).map(({ path, message }) => `${path}: ${message}`);

test("peers that go with the package are no mistake", () => {
  expect(lines()).toEqual([]);
});

test.each([
  ["another major", "1.0.0"],
  ["an older version", "0.20.12"],
])("%s is one, and the mistake says what to install", (_, version) => {
  install("node_modules/cdktf", version);
  expect(lines()).toEqual([
    `package.json.dependencies.cdktf: ${version} is installed, and goes not with this Slipway: npm install cdktf@">=0.21.0 <1"`,
  ]);
});

test("a peer that is missing is one", () => {
  rmSync(join(project, "node_modules/constructs"), { recursive: true });
  expect(lines()).toEqual([
    'package.json.dependencies.constructs: is not installed: npm install constructs@"^10.4.2"',
  ]);
});

test.each([
  ["the package", `${SLIPWAY}/node_modules/constructs`],
  ["another peer", "node_modules/cdktf/node_modules/constructs"],
])("a second copy that %s has is one, though its version is the same", (_, place) => {
  install(place, "10.7.2");
  expect(lines()).toEqual([
    `package.json.dependencies.constructs: is there in two copies, 10.7.2 in ${project}/node_modules/constructs and 10.7.2 in ${project}/${place}: npm dedupe makes them one, and npm ls constructs says who asks for which.`,
  ]);
});

test("a package that links lead to is one copy, wherever it lies", () => {
  const elsewhere = join(project, "store/slipway");
  mkdirSync(elsewhere, { recursive: true });
  writeFileSync(join(elsewhere, "package.json"), JSON.stringify({ version: "1.0.0", peerDependencies }));
  for (const name of Object.keys(peerDependencies)) {
    const link = join(elsewhere, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(project, "node_modules", name), link);
  }
  expect(lines(elsewhere)).toEqual([]);
});
