import type { MoveState } from "../../../../modules/contract/move";
import type { Scene } from "./scene";

/** Everything that a move makes in a database, by name, and whoever may log in. */
const CATALOG = `SELECT
  (SELECT coalesce(json_agg(slot_name ORDER BY 1), '[]') FROM (SELECT slot_name::text FROM pg_replication_slots) s) AS slots,
  (SELECT coalesce(json_agg(pubname::text), '[]') FROM pg_publication) AS publications,
  (SELECT coalesce(json_agg(subname::text), '[]') FROM pg_subscription) AS subscriptions,
  (SELECT coalesce(json_agg(c ORDER BY c), '[]') FROM pg_db_role_setting CROSS JOIN unnest(setconfig) c) AS settings,
  (SELECT coalesce(json_agg(rolname::text ORDER BY 1), '[]') FROM (SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY 1) r) AS roles,
  (SELECT coalesce(json_agg(nspname::text ORDER BY nspname), '[]') FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema') AS schemas,
  (SELECT coalesce(json_agg(datname::text ORDER BY datname), '[]') FROM pg_database) AS databases,
  (SELECT count(*)::int FROM pg_class WHERE relnamespace = 'public'::regnamespace) AS things,
  (SELECT count(*)::int FROM pg_largeobject_metadata) AS objects,
  (SELECT count(*)::int FROM pg_prepared_xacts) AS prepared`;

interface Catalog extends Record<string, unknown> {
  readonly slots: string[];
  readonly publications: string[];
  readonly subscriptions: string[];
  readonly settings: string[];
  readonly roles: string[];
  readonly schemas: string[];
  readonly databases: string[];
  readonly things: number;
  readonly objects: number;
  readonly prepared: number;
}

/** What both databases were before the move began. */
export interface Beginning {
  readonly dump: string;
  readonly old: Catalog;
  readonly own: Catalog;
}

export async function beginningOf(scene: Scene): Promise<Beginning> {
  return { dump: scene.oldDump, old: await catalog(scene, "old"), own: await catalog(scene, "own") };
}

const catalog = async (scene: Scene, side: "old" | "own"): Promise<Catalog> =>
  (await (side === "old" ? scene.oldRoot<Catalog>(CATALOG) : scene.newRoot<Catalog>(CATALOG)))[0] as Catalog;

/** What has been done that no state tells of. */
export interface Past {
  /** Whether `finish` has taken away since the last flip what the way back goes by. */
  clean: "no" | "yes" | "perhaps";
  /** Whether the environment's own database may hold a copy that is none any more, until there is a new one. */
  isStale: boolean;
}

/** What a state of the move is allowed to have made, wherever it is looked for. */
function expected(state: MoveState, { old, own }: Beginning, past: Past, now: Catalog) {
  const isMarked = now.schemas.includes("slipway_move");
  const isCleaned = past.clean === "perhaps" ? !isMarked : past.clean === "yes";
  const has = (step: string) => state.steps.some((entry) => entry.step === step);
  const isFlipped = state.use === "own";
  const isWhole = state.steps.some(({ step, data }) => step === "copy" && data?.stale !== true);
  const follows = isWhole && !isFlipped;
  const isFilled = has("copy") || isFlipped || (past.isStale && isMarked);
  const read = "default_transaction_read_only=on";
  return {
    old: {
      ...old,
      slots: follows ? ["slipway_move"] : [],
      publications: follows ? ["slipway_move"] : [],
      settings: isFlipped && !isCleaned ? [read, read] : [],
    },
    own: {
      ...own,
      slots: isFlipped && !isCleaned ? ["slipway_move_back"] : [],
      subscriptions: follows ? ["slipway_move"] : [],
      schemas: isFilled && !isCleaned ? [...own.schemas, "slipway_move"].sort() : own.schemas,
      ...(isFilled && { roles: [...own.roles, "reader"].sort(), things: old.things, objects: old.objects }),
    },
  };
}

const sorted = (value: object) => Object.entries(value).sort();

/** What is wrong with everything that a move touches, when no step is under way. */
export async function differences(scene: Scene, beginning: Beginning, past: Past): Promise<string[]> {
  const { state, play } = scene;
  const found = { old: await catalog(scene, "old"), own: await catalog(scene, "own") };
  const wanted = expected(state, beginning, past, found.own);
  const wrong: string[] = [];
  const equal = (what: string, is: unknown, shall: unknown) => {
    const [one, other] = [JSON.stringify(is), JSON.stringify(shall)];
    if (one !== other) wrong.push(`${what}: is ${one}, shall be ${other}`);
  };
  equal(
    "steps begun",
    state.steps.filter((entry) => entry.state === "begun").map(({ step }) => step),
    [],
  );
  equal("the lock", play.account.secret("/staging/move/lock"), undefined);
  equal("hold", state.hold, false);
  const only = state.use === "own" ? { only: "new" } : {};
  equal("the store", sorted(await scene.store()), sorted({ share: state.share, hold: false, ...only }));
  const isFronted = state.steps.some(({ step }) => step === "front");
  equal("the records", scene.records.length, isFronted ? 2 : 1);
  if (!isFronted) equal("the record", scene.records, [scene.oldRecord]);
  equal("whether the old records are known", state.records !== undefined, isFronted);
  const movers = (await scene.movers()).map(({ words }) => words);
  equal(
    "movers at work",
    movers.filter((words) => !words.endsWith("follow")),
    [],
  );
  const follows = state.steps.some(({ step }) => step === "copy") && state.use === "external";
  if (movers.length > (follows ? 1 : 0)) wrong.push(`movers that follow: ${movers.join(", ")}`);
  equal("services", await scene.services(), {
    web: state.use,
    worker: state.workers.includes("worker") ? state.use : "nobody",
  });
  equal(
    "the schedule",
    scene.schedule,
    `${state.workers.includes("worker") ? "ENABLED" : "DISABLED"} ${state.use}`,
  );
  for (const side of ["old", "own"] as const) {
    const is: Catalog = found[side];
    for (const [name, value] of Object.entries(wanted[side])) equal(`${side}: ${name}`, is[name], value);
  }
  const [before, after] = [beginning.dump.split("\n"), scene.oldDump.split("\n")];
  wrong.push(
    ...before.filter((line) => !after.includes(line)).map((line) => `the old database has no more: ${line}`),
    ...after.filter((line) => !before.includes(line)).map((line) => `the old database has: ${line}`),
  );
  if (wrong.length === 0) equal("the old database, line by line", after, before);
  wrong.push(...(await scene.ledger.differences(() => writesOf(scene, state.use))));
  return wrong;
}

/** How often each write is in the database that is in use. */
export async function writesOf(scene: Scene, use: MoveState["use"]): Promise<Map<string, number>> {
  const sql = "SELECT id, count(*)::int AS times FROM public.writes GROUP BY id";
  const rows = use === "own" ? await scene.newRoot(sql) : await scene.oldRoot(sql);
  return new Map(rows.map(({ id, times }) => [String(id), Number(times)]));
}
