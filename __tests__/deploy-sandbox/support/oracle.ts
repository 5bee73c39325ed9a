import { repositoryOf, SAMPLE } from "../../../sandbox/api/sample";
import type { Deployment, Runtime, Service, ServiceDeployment, Task } from "../../../sandbox/engine/state";
import { minute } from "./driver";
import type { Played } from "./play";

/** Longer than all bounds of a deploy together: capacity, start, migration, stop, roll-out, and the way back. */
const BOUND = 110 * minute;

/** As many crashes as ECS's own breaker counts before it opens, at the sizes that are played. */
const LOOP = 3;

/**
 * What deploy said that is not so, and what it left behind. It knows nothing of deploy: only what was said, and what the
 * sandbox's state holds.
 */
export function lies(played: Played): string[] {
  return [
    ...endless(played),
    ...outcome(played),
    ...orphans(played),
    ...tagLies(played),
    ...copyLies(played),
    ...claims(played),
  ];
}

function endless({ ended }: Played): string[] {
  const { seconds } = ended.result;
  return seconds * 1000 <= BOUND ? [] : [`it took ${seconds} s`];
}

function outcome(played: Played): string[] {
  const { ended, timeline, happened } = played;
  const did = (...words: string[]) => happened.some((what) => words.some((word) => what.includes(word)));
  const faulty = timeline.faults.length > 0;
  const say = (text: string, isLie: boolean) => (isLie ? [`exit ${ended.exitCode}, but ${text}`] : []);
  switch (ended.exitCode) {
    case 0:
      return success(played).map((text) => `false success: ${text}`);
    case 1:
      return [
        ...say("something was changed", ours(played).length + migrations(played.state).length > 0),
        ...say("nothing stood in the way", !faulty && !did("somebody")),
      ];
    case 2:
      return [
        ...say("the service was touched", ours(played).length > 0),
        ...say(
          "the migration succeeded",
          migrations(played.state).some((task) => migrated(played, task)),
        ),
      ];
    case 3:
      return say("our deployment completed and nothing crashed", !rolloutFailed(played));
    case 4:
      return say("one could have known", !faulty && !isUnfinished(played));
    case 5:
      return say("nobody else was there", !did("forces", "moves the tag"));
    case 129:
      return say("there was no SIGHUP", !did("SIGHUP"));
    case 130:
      return say("there was no SIGINT", !did("SIGINT"));
    case 143:
      return say("there was no SIGTERM", !did("SIGTERM"));
    default:
      return [`exit ${ended.exitCode}: ${ended.result.text}`];
  }
}

/** Why a success is none. */
function success(played: Played): string[] {
  const { state, digests, timeline } = played;
  const wrong: string[] = [];
  if (!migrations(state).some((task) => migrated(played, task))) wrong.push("no migration of v2 succeeded");
  const releases = released(played);
  if (releases.length < servicesOf(state).length) wrong.push("a service has no deployment of ours");
  for (const release of releases) {
    const { status } = run(state, release);
    if (status !== "SUCCESSFUL") wrong.push(`ours is ${status}`);
    const running = tasksOf(state, release).filter(isRunning);
    if (running.some((task) => digestOf(task) !== digests.v2)) wrong.push("another image runs");
    if (running.length === 0 && timeline.sample.desired !== 0) wrong.push("nothing runs");
  }
  return wrong;
}

/** There is a reason in the state to call a roll-out failed: ECS or a person ended it, or its tasks tell. */
function rolloutFailed(played: Played): boolean {
  const { state, timeline } = played;
  const releases = released(played);
  const refused = releases.length < servicesOf(state).length && timeline.faults.length > 0;
  return refused || releases.some((release) => isFailed(played, release));
}

function isFailed({ state, digests }: Played, release: Deployment): boolean {
  const { status, reason, breaker, rollback } = run(state, release);
  // A rollback that somebody's newer deployment stopped was one all the same.
  const ended =
    status.startsWith("ROLLBACK") ||
    rollback !== undefined ||
    breaker.status === "TRIGGERED" ||
    /by user/.test(reason ?? "");
  const tasks = tasksOf(state, release);
  const crashed = tasks.filter((task) => task.desiredStatus === "STOPPED" && isCrash(task));
  const foreign = tasks.some((task) => ![digests.v2, undefined].includes(digestOf(task)));
  return ended || crashed.length >= LOOP || foreign;
}

const isUnfinished = (played: Played) =>
  released(played).some((release) => run(played.state, release).status === "IN_PROGRESS");

/** Migrations that go on although nobody was told of them. */
function orphans({ ended, soon }: Played): string[] {
  return migrations(soon)
    .filter((task) => task.desiredStatus === "RUNNING")
    .filter(({ arn }) => ![ended.result.text, ...ended.result.wayOut].join().includes(arn))
    .map(({ id }) => `migration ${id} goes on, and nobody was told`);
}

/** Sentences of the last block that the state must bear out, whatever the exit code. */
function claims(played: Played): string[] {
  const { ended, state, soon, digests, timeline, happened } = played;
  const said = [ended.result.text, ...ended.result.wayOut].join("\n");
  const alone = !happened.some((what) => /forces|deployment|machine|moves/.test(what));
  const names = Object.keys(state.services);
  const told = new Set(ours(played).map(({ id }) => id));
  const wasTold = (name: string) => state.services[name]?.deployments.some(({ id }) => told.has(id)) ?? false;
  const untold = names.filter((name) =>
    new RegExp(`^(${nameIn(name)} was not|Not told to deploy: [^.]*${nameIn(name)})`, "m").test(said),
  );
  const back = names.filter((name) => new RegExp(`${nameIn(name)} runs sha256:\\w+ again`).test(said));
  const runsBefore = (name: string) => {
    const serving = Object.values(state.tasks).filter((task) => task.service === name && isRunning(task));
    return serving.length > 0 && serving.every((task) => digestOf(task) === digests.v1);
  };
  const toStop = migrations(soon).filter(({ arn }) => said.includes(`Task ${arn} was told to stop`));
  const lie = (claim: RegExp, isLie: boolean) =>
    claim.test(said) && isLie ? [`not so: ${claim.source}`] : [];
  return [
    ...lie(/^(\S+ was not|Not) told to deploy/m, untold.some(wasTold)),
    ...lie(/migration could not be started/, migrations(state).length > 0),
    ...lie(/runs sha256:\w+ again/, alone && timeline.sample.desired !== 0 && !back.every(runsBefore)),
    ...lie(
      /was told to stop/,
      toStop.some(({ desiredStatus }) => desiredStatus !== "STOPPED"),
    ),
  ];
}

/** A service's name as a word of its own, from the end of its key. */
const nameIn = (key: string) => `\\b${key.split("/").at(-1)}\\b`;

/** After an end the tag names what the service is asked to run: ours, or what ran before; never over somebody else's. */
function tagLies(played: Played): string[] {
  const { ended, digests, later, happened } = played;
  const tag = tagOf(later, played);
  const name = Object.entries(digests).find(([, digest]) => digest === tag)?.[0] ?? String(tag);
  const say = (isLie: boolean) => (isLie ? [`exit ${ended.exitCode}, and the tag names ${name}`] : []);
  if (happened.includes("somebody moves the tag")) return say(tag !== digests.v3);
  const told = /was not moved back|the tag still names|Whether the tag|no trace of it \(the tag/.test(
    ended.output,
  );
  switch (ended.exitCode) {
    case 0:
      return say(tag !== digests.v2);
    case 3:
      return [...say(tag !== digests.v1 && !told), ...runsAnother(played)];
    case 129:
    case 130:
    case 143:
      return say(tag !== digests.v1 && ours(played).length === 0 && !told);
    case 4:
    case 5:
      return say(tag !== digests.v1 && tag !== digests.v2);
    default:
      return say(tag !== digests.v1);
  }
}

/**
 * Where releases are pushed to, deploy reads and writes nothing. Whatever has a tag where tasks pull is whole there, and its bytes are
 * those that were pushed, since its digest is theirs.
 */
function copyLies(played: Played): string[] {
  const { later, timeline, digests } = played;
  const own = ownOf(later, played);
  if (!timeline.sample.ownRepository || !own) return [];
  const pushed = later.repositories[`${SAMPLE.region}/${SAMPLE.repository}`];
  const broken = Object.entries(own.tags).filter(([, digest]) => {
    const { config, layers } = JSON.parse(own.images[digest]?.manifest ?? '{"layers":[]}') as {
      config?: { digest: string };
      layers: { digest: string }[];
    };
    return !config || [config, ...layers].some((blob) => !own.blobs.includes(blob.digest));
  });
  const others = Object.keys(own.tags).filter((tag) => tag !== SAMPLE.tag && tag !== SAMPLE.candidate);
  return [
    ...broken.map(([tag]) => `the image under ${tag} is not whole where tasks pull it`),
    ...others.map((tag) => `deploy made a tag ${tag}`),
    ...(JSON.stringify(pushed?.tags) === JSON.stringify(digests)
      ? []
      : ["the tags of what was pushed are not what they were"]),
  ];
}

/** An hour after a failure the service runs what the tag names, unless deploy said that it does not. */
function runsAnother(played: Played): string[] {
  const { ended, later, happened } = played;
  const told =
    /is NOT back on|is back on \S+ is unknown|was not moved back|the tag still names|Whether the tag/.test(
      ended.output,
    );
  if (told || happened.some((what) => what.includes("forces") || what.includes("deployment"))) return [];
  return Object.entries(later.services).flatMap(([name, { deployments }]) => {
    const runs = deployments.find(({ status }) => status === "PRIMARY")?.digests.web;
    return runs === undefined || runs === tagOf(later, played)
      ? []
      : [`the tag and what ${name} runs are not the same`];
  });
}

const servicesOf = (state: Runtime): Service[] => Object.values(state.services);

/** Deployments that deploy forced. */
const ours = ({ state, foreign }: Played): Deployment[] =>
  servicesOf(state).flatMap(({ deployments }) => deployments.filter(({ id }) => !foreign.has(id)));

/** The services that deploy says it rolled out, among those that are really its own. */
const released = (played: Played) => {
  const said = played.ended.result.services.map(({ deployment }) => deployment);
  return ours(played).filter(({ id }) => said.includes(id));
};

const run = (state: Runtime, { id }: Deployment): ServiceDeployment =>
  servicesOf(state).flatMap(
    ({ history }) => history.find(({ deployment }) => deployment === id) ?? [],
  )[0] as ServiceDeployment;

const tasksOf = (state: Runtime, { id }: Deployment) =>
  Object.values(state.tasks).filter(({ startedBy }) => startedBy === id);

const migrations = (state: Runtime) =>
  Object.values(state.tasks).filter(({ definition }) => definition === SAMPLE.migration);

const containerOf = (task: Task) => task.containers.find(({ name }) => name === "web");
const digestOf = (task: Task) => containerOf(task)?.digest;

const migrated = ({ digests }: Played, task: Task) =>
  task.lastStatus === "STOPPED" &&
  task.stopCode === "EssentialContainerExited" &&
  containerOf(task)?.exitCode === 0 &&
  digestOf(task) === digests.v2;

const isRunning = (task: Task) => task.lastStatus === "RUNNING" && task.desiredStatus === "RUNNING";

const isCrash = ({ stopCode, unhealthy }: Task) =>
  stopCode === "EssentialContainerExited" || stopCode === "TaskFailedToStart" || unhealthy === true;

const tagOf = (state: Runtime, played: Played) => ownOf(state, played)?.tags[SAMPLE.tag];

/** The repository that tasks pull from. */
const ownOf = (state: Runtime, { timeline }: Played) =>
  state.repositories[`${SAMPLE.region}/${repositoryOf(timeline.sample)}`];
