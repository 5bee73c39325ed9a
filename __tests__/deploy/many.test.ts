import { expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../deploy/context";
import { contract as sample, serviceContract } from "./support/contract";
import { healthy, type Phase } from "./support/scripts";
import { Refusal } from "./support/wire";
import { type Outcome, World } from "./support/world";

/** The sample environment with so many more services that run the image of `web`. */
const withMore = (...names: string[]) => {
  const contract = sample();
  contract.services.push(...names.map((name) => serviceContract(name)));
  return contract;
};

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `worker-${index + 1}`);

const givenUp: Phase[] = [
  { at: 0, rolloutState: "IN_PROGRESS", status: "IN_PROGRESS", running: 0 },
  { at: 20_000, rolloutState: "FAILED", status: "STOPPED", statusReason: "stopped by ana" },
];
const replaced: Phase[] = [
  { at: 0, rolloutState: "IN_PROGRESS", status: "IN_PROGRESS", running: 0 },
  { at: 20_000, status: "STOPPED", replacedBy: "another", gone: true },
];
const endless: Phase[] = [{ at: 0, rolloutState: "IN_PROGRESS", status: "IN_PROGRESS", running: 1 }];

/** Names of the services in the order in which they were told to deploy. */
const told = (world: World) => world.made("UpdateService").map(({ input }) => String(input.service));

/** What a service was last asked to run. */
const asked = (world: World, name: string) => world.ecs.service(`staging-${name}`).deployments.at(-1)?.digest;

const outcomes = ({ result }: Outcome) =>
  Object.fromEntries(result.services.map(({ name, outcome }) => [name, outcome]));

async function rolloutTime(world: World, parallel?: number): Promise<number> {
  const { exitCode, events } = await world.deploy("v2", parallel ? { parallel } : {});
  expect(exitCode).toBe(0);
  const at = events.flatMap((event) =>
    event.type === "stage" && event.stage === "roll out" ? Date.parse(event.at) : [],
  );
  return Math.max(...at) - Math.min(...at);
}

test("twelve services of one image take the time of one, with one migration and one move of the tag", async () => {
  const warnings: Error[] = [];
  process.on("warning", (warning) => warnings.push(warning));
  const one = await rolloutTime(await World.open());
  const world = await World.open(withMore(...numbered(11)));
  expect(await rolloutTime(world, 12)).toBe(one);
  // Node's own, of too many listeners.
  expect(warnings).toEqual([]);
  expect(told(world)).toEqual(world.contract.services.map(({ service }) => service));
  expect(world.made("RunTask")).toHaveLength(1);
  expect(world.made("PutImage").map(({ input }) => input.imageTag)).toEqual(["staging-candidate", "staging"]);
});

test("four at once by default: a further one is begun when one has ended", async () => {
  const one = await rolloutTime(await World.open());
  const world = await World.open(withMore(...numbered(11)));
  expect(await rolloutTime(world)).toBe(3 * one);
  const times = world.made("UpdateService").map(({ at }) => at);
  expect(times.map((at) => times.filter((other) => other === at).length)).toEqual(Array(12).fill(4));
});

test("the slowest of them takes nobody else's time", async () => {
  const world = await World.open(withMore("worker", "mail"));
  const slow = healthy.map((phase) => ({ ...phase, at: phase.at * 10 }));
  world.ecs.rolloutScripts.push(slow, healthy, healthy);
  const { events } = await world.deploy();
  const ended = events.flatMap((event) =>
    event.type === "stage" && event.stage === "roll out" && event.state === "succeeded" ? [event] : [],
  );
  expect(ended.map(({ subject }) => subject)).toEqual(["worker", "mail", "web"]);
  const [worker = 0, , web = 0] = ended.map(({ at }) => Date.parse(at));
  expect(web - worker).toBe(360_000);
});

test("one fails: all that were told go back, said service by service, and no further one is told", async () => {
  const world = await World.open(withMore("worker", "mail", "cron"));
  world.ecs.rolloutScripts.push(healthy, givenUp, healthy);
  const ended = await world.deploy("v2", { parallel: 3 });
  expect(ended.exitCode).toBe(3);
  expect(ended.result.text).toMatch(/^The roll-out of worker failed: ECS gave it up: stopped by ana/);
  const v1 = world.digest("v1")?.slice(0, 19);
  expect(ended.result.wayOut).toEqual([
    `The tag shop:staging names ${v1} again.`,
    `web runs ${v1} again.`,
    `worker runs ${v1} again.`,
    `mail runs ${v1} again.`,
    "Not told to deploy: cron.",
    expect.stringContaining("The migration was not undone"),
  ]);
  expect(outcomes(ended)).toEqual({ web: "abandoned", worker: "failed", mail: "abandoned" });
  expect(world.digest("staging")).toBe(world.digest("v1"));
  for (const name of ["web", "worker", "mail", "cron"]) expect(asked(world, name)).toBe(world.digest("v1"));
  expect(world.ecs.service("staging-cron").deployments).toHaveLength(1);
});

test("one that had succeeded already goes back with the others", async () => {
  const world = await World.open(withMore("worker"));
  world.ecs.rolloutScripts.push(healthy, [
    { at: 0, rolloutState: "IN_PROGRESS", status: "IN_PROGRESS", running: 0 },
    { at: 90_000, rolloutState: "FAILED", status: "STOPPED" },
  ]);
  const ended = await world.deploy();
  expect(ended.exitCode).toBe(3);
  expect(outcomes(ended)).toEqual({ web: "succeeded", worker: "failed" });
  expect(ended.result.wayOut.join()).toMatch(/web runs sha256:\w+ again\.,worker runs sha256:\w+ again\./);
});

test("one that crashes after its verdict, while another is watched, is no success", async () => {
  const world = await World.open(withMore("worker"));
  const crash = { stopCode: "EssentialContainerExited", containers: [{ name: "app", exitCode: 1 }] };
  const slow = healthy.map((phase) => ({ ...phase, at: phase.at * 5 }));
  const dying: Phase[] = [...healthy, { at: 60_000, running: 0, stopped: [crash, crash, crash] }];
  world.ecs.rolloutScripts.push(dying, slow);
  const ended = await world.deploy();
  expect(ended.exitCode).toBe(3);
  expect(ended.result.text).toMatch(/^The roll-out of web failed: 3 tasks crashed/);
  expect(outcomes(ended)).toEqual({ web: "failed", worker: "succeeded" });
  expect(ended.result.wayOut.join()).toMatch(/web runs sha256:\w+ again\.,worker runs sha256:\w+ again\./);
});

test("where AWS shows them too slowly to prove all at one moment, nobody knows, and it says so in time", async () => {
  const world = await World.open(withMore("worker"));
  const slow = healthy.map((phase) => ({ ...phase, at: phase.at * 5 }));
  world.ecs.rolloutScripts.push(healthy, slow);
  world.faults.push((operation, { services }) => {
    if (operation === "ecs:DescribeServices" && String(services) === "staging-worker")
      world.clock.advance(12_000);
  });
  const ended = await world.deploy();
  expect(ended.exitCode).toBe(4);
  expect(ended.result.text).toBe(
    "What became of web is unknown: the services of its image were never seen to run at the same time.",
  );
  expect(outcomes(ended)).toEqual({ web: "unknown", worker: "unknown" });
  expect(ended.result.wayOut).toContain(
    "What became of worker is unknown: the services of its image were never seen to run at the same time.",
  );
  expect(world.digest("staging")).toBe(world.digest("v2"));
  // The roll-out, and as long again for the proof.
  expect(ended.result.seconds * 1000).toBeLessThan(2 * DEFAULT_LIMITS.rollout);
});

test("ECS refuses one of them: it was not told, and the others go back", async () => {
  const world = await World.open(withMore("worker"));
  world.faults.push((operation, { service }) => {
    if (operation === "ecs:UpdateService" && service === "staging-worker")
      throw new Refusal("AccessDeniedException", "not authorized");
  });
  const ended = await world.deploy();
  expect(ended.exitCode).toBe(3);
  expect(ended.result.text).toMatch(/^worker was not told to deploy\. ecs:UpdateService/);
  expect(ended.result.wayOut.slice(0, 2)).toEqual([
    expect.stringMatching(/^The tag shop:staging names sha256:\w+ again\.$/),
    expect.stringMatching(/^web runs sha256:\w+ again\.$/),
  ]);
  expect(asked(world, "web")).toBe(world.digest("v1"));
});

test("one is replaced by somebody else's: the tag is theirs, and the others are watched to their end", async () => {
  const world = await World.open(withMore("worker", "mail"));
  world.ecs.rolloutScripts.push(replaced, healthy);
  const ended = await world.deploy("v2", { parallel: 2 });
  expect(ended.exitCode).toBe(5);
  expect(ended.result.wayOut).toEqual([
    expect.stringContaining("belongs to whoever came after"),
    `worker runs ${world.digest("v2")?.slice(0, 19)}.`,
    "Not told to deploy: mail.",
    expect.stringContaining("The migration was not undone"),
  ]);
  expect(world.digest("staging")).toBe(world.digest("v2"));
});

test("one does not end in time: what became of the others is said beside it", async () => {
  const world = await World.open(withMore("worker"));
  world.ecs.rolloutScripts.push(endless, healthy);
  const ended = await world.deploy();
  expect(ended.exitCode).toBe(4);
  expect(outcomes(ended)).toEqual({ web: "unknown", worker: "succeeded" });
  expect(ended.result.wayOut.join()).toContain(`worker runs ${world.digest("v2")?.slice(0, 19)}.`);
});

test("Ctrl-C: every deployment that goes on by itself is named, and the tag names what they run", async () => {
  const world = await World.open(withMore("worker", "mail"));
  world.clock.at(35_000, () => world.interrupt());
  const { exitCode, result } = await world.deploy("v2", { parallel: 2 });
  expect(exitCode).toBe(130);
  expect(result.wayOut.slice(0, 3)).toEqual([
    expect.stringMatching(/^web: deployment ecs-svc\/\d+ goes on by itself: .*rollback undoes it\.$/),
    expect.stringMatching(/^worker: deployment ecs-svc\/\d+ goes on by itself: .*rollback undoes it\.$/),
    "Not told to deploy: mail.",
  ]);
  expect(world.digest("staging")).toBe(world.digest("v2"));
});

test("services of two images: image by image, each moved once", async () => {
  const contract = withMore("worker");
  const image = { repository: "api", tag: "staging", candidateTag: "staging-candidate" };
  contract.services.splice(1, 0, serviceContract("api", { image }));
  const world = await World.open(contract);
  const { exitCode, events } = await world.deploy();
  expect(exitCode).toBe(0);
  expect(told(world)).toEqual(["staging-web", "staging-worker", "staging-api"]);
  const plan = events.find((event) => event.type === "plan");
  expect(plan?.type === "plan" && plan.steps.map((step) => step.split(":")[0])).toEqual([
    "migrate",
    "promote",
    "roll out web",
    "roll out worker",
    "promote",
    "roll out api",
  ]);
});

test("every line of several roll-outs names its service, warnings of ECS too", async () => {
  const world = await World.open(withMore("worker"));
  for (const name of ["web", "worker"]) {
    const message = `(service staging-${name}) was unable to place a task.`;
    world.ecs.service(`staging-${name}`).events.push({ id: name, createdAt: 9e9, message });
  }
  const printed = await world.deployPlainly("v2");
  for (const line of printed.split("\n").filter((line) => /^\S+ (roll out|warning)/.test(line)))
    expect(line).toMatch(/\b(web|worker)\b/);
  expect(printed).toContain("warning: worker: was unable to place a task.");
});

/** `web` and `worker` run the repository shop, `api` runs api, which has no image `v2`. */
async function twoRepositories(): Promise<World> {
  const contract = withMore("worker");
  const image = { repository: "api", tag: "staging-api", candidateTag: "staging-api-candidate" };
  contract.services.push(serviceContract("api", { image }));
  const world = await World.open(contract);
  world.registry.tags.set("staging-api", world.registry.push("api-1", "api one"));
  world.ecs.deployed("staging-api");
  world.registry.push("api-2", "api two");
  return world;
}

test.each(["shop:v2", "shop@DIGEST"])(
  "--image %s: the services that run that repository, and no other",
  async (image) => {
    const world = await twoRepositories();
    const { exitCode, result } = await world.deploy(image.replace("DIGEST", world.digest("v2") ?? ""));
    expect(exitCode).toBe(0);
    expect(result.text).toMatch(/^web, worker deployed/);
    expect(told(world)).toEqual(["staging-web", "staging-worker"]);
    expect(new Set(world.made("PutImage").map(({ input }) => input.repositoryName))).toEqual(
      new Set(["shop"]),
    );
  },
);

test("an image of each of two repositories: their migrations first, then each tag, and the services of both", async () => {
  const world = await twoRepositories();
  const { exitCode, result } = await world.deploy(["api:api-2", "shop:v2"]);
  expect(exitCode).toBe(0);
  expect(result.text).toMatch(/^web, worker, api deployed/);
  expect(world.made("PutImage").map(({ input }) => `${input.repositoryName}:${input.imageTag}`)).toEqual([
    "shop:staging-candidate",
    "shop:staging",
    "api:staging-api",
  ]);
  expect(world.digest("staging-api")).toBe(world.digest("api-2"));
});

test("a repository chooses for rollback and check, too", async () => {
  const world = await twoRepositories();
  await world.deploy("shop:v2");
  expect((await world.rollback({ to: "shop:v1" })).result.text).toMatch(/^web, worker deployed/);
  expect((await world.check("shop:v2")).exitCode).toBe(0);
});

test.each<[string | string[], Parameters<World["deploy"]>[1], string]>([
  ["mail:v2", {}, "--image mail:v2: web, worker, api of staging runs another repository."],
  ["shop:v2", { service: ["web", "api"] }, "--image shop:v2: api of staging runs another repository."],
  ["sha256:3b00860b105f", {}, "--image sha256:3b00860b105f is neither a tag nor a digest."],
  ["v2", { service: ["wep", "web"] }, "staging has no service wep."],
  ["shop@v2", {}, "--image shop@v2 is neither a tag nor a digest."],
  ["shop:v2:v3", {}, "--image shop:v2:v3 is neither a tag nor a digest."],
  [["shop:", "v2", "@"], {}, "--image shop:, @ is neither a tag nor a digest."],
  [["shop:v2", "v2"], {}, "--image shop:v2, v2: of several images each is of a repository of its own."],
  [
    ["shop:v2", "shop:v1"],
    {},
    "--image shop:v2, shop:v1: of several images each is of a repository of its own.",
  ],
  [["shop:v2", "mail:v2"], {}, "--image mail:v2: api of staging runs another repository."],
  [["shop:v2", "api:api-2", "mail:v2"], {}, "--image mail:v2: all of staging run another repository."],
])("--image %s with %j is refused before anything is changed", async (image, options, text) => {
  const world = await twoRepositories();
  const { exitCode, result } = await world.deploy(image, options);
  expect(exitCode).toBe(1);
  expect(result.text).toBe(text);
  expect(world.made("PutImage")).toEqual([]);
});

test("an image that one of two repositories lacks is named with its repository", async () => {
  const contract = withMore();
  const image = { repository: "api", tag: "staging-api", candidateTag: "staging-api-candidate" };
  contract.services.push(serviceContract("api", { image }));
  const { result } = await (await World.open(contract)).deploy("v3");
  expect(result.wayOut.slice(0, 2)).toEqual([
    expect.stringContaining("the repository shop has no image v3"),
    expect.stringContaining("the repository api has no image v3"),
  ]);
});
