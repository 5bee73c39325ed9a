import { writeFileSync } from "node:fs";
import { Agent, createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { surroundings, variablesOf } from "../../demo/move/around";
import { probe, visit } from "../../demo/move/visit";
import { type Clock, systemClock } from "../../deploy/clock";
import type { EnvironmentProps } from "../../modules/environment";
import {
  backCommand,
  finishCommand,
  frontCommand,
  shiftCommand,
  statusCommand,
  surveyCommand,
  workersCommand,
} from "../../move/commands";
import { keepStepsAway } from "../../move/keep-steps-away";
import type { Probe } from "../../move/probe";
import type { MoveSurroundings } from "../../move/session";
import { Applier } from "../../plan/applier";
import { holdMove } from "../../plan/move-lock";
import { type MoveSeen, movedOn, moveSeen } from "../../plan/moved-on";
import { parsePlan } from "../../plan/plan-json";
import type { Progress } from "../../plan/progress";
import { askRoute53, standingRecords, withImports } from "../../plan/records";
import { STALE_MOVE } from "../../plan/problems";
import type { SavedPlan, SavedPlans } from "../../plan/saved";
import { summarize } from "../../plan/summary";
import type { Terraform } from "../../plan/terraform";
import { Sandbox } from "../../sandbox/api/sandbox";
import { EdgeServer } from "../../sandbox/edge/server";
import { RealClock } from "../../sandbox/engine/clock";
import { GLOBAL } from "../../sandbox/world";
import { but, existing, web } from "../modules/support/least";
import { synthesizeAll } from "../modules/support/synthesize";
import { planOf } from "../plan/support/plans";
import { InProcessStack, succeed } from "./support/in-process";
import { makeVpc } from "./support/vpc";

/** The longest name that an environment may have, in another region than most tests. */
const NAME = "north-shop-staging-2";
const REGION = "eu-central-1";
const OLD = "abc.us-west-2.awsapprunner.com";
const APP = "app.example.com";
/** A name of the same services, and one that another has for itself. */
const [WWW, ADMIN] = ["www.example.com", "admin.example.com"] as const;
/** How much faster than real time the account goes on, and whoever moves. */
const SPEED = 20;
const VIEWERS = 400;
const DAY = 86_400_000;

const nightly = { expression: "rate(1 day)", command: ["report"] };

/** All that an address may meet beside a move: names, paths, a firewall, services of every kind. */
const environment = (move: EnvironmentProps["move"]) =>
  but({
    region: REGION,
    network: existing,
    bastion: false,
    cluster: { capacity: {} },
    database: false,
    distribution: {
      domain: { names: [APP, WWW, ADMIN], zone: "example.com" },
      deletionProtection: false,
      waf: true,
      cachedPaths: ["/static/*"],
    },
    services: {
      web: { port: web.port, health: "/health", hosts: [APP, WWW], config: { API: "$SERVICE_URL(api)" } },
      shop: {
        port: 8081,
        hosts: [APP],
        paths: ["/shop/*"],
        health: "/shop/up",
        registry: { repository: "shop", create: true },
      },
      admin: { port: 8082, hosts: [ADMIN], health: "/" },
      api: { port: 9000, internal: true },
      worker: { count: 2, autoscaling: { min: 2, max: 4 }, schedules: { nightly } },
    },
    move,
  });

/** One answer that a viewer got, by the sandbox's clock. */
interface Seen {
  readonly began: number;
  readonly ended: number;
  readonly side: string;
}

/** People who read and write, each with a cookie of its own, for as long as the stream runs. */
class Stream {
  readonly seen = new Map<number, Seen[]>();
  readonly failures: string[] = [];
  /** Writes that were answered with success. */
  readonly ledger: string[] = [];
  requests = 0;
  private readonly cookies = new Map<number, string>();
  private timer: NodeJS.Timeout | undefined;
  private readonly open = new Set<Promise<void>>();

  constructor(
    private readonly ask: (asked: {
      method: string;
      path: string;
      cookie?: string;
      viewer: string;
    }) => Promise<Answer>,
    private readonly now: () => number,
  ) {}

  /** 200 a second of the machine's own time, as far as it can. */
  start(): void {
    this.timer = setInterval(() => {
      for (let nth = 0; nth < 4; nth++) {
        const sent = this.send(this.requests++).finally(() => this.open.delete(sent));
        this.open.add(sent);
      }
    }, 20);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.open);
  }

  private async send(nth: number): Promise<void> {
    const viewer = nth % VIEWERS;
    const isWrite = nth % 5 === 0;
    const began = this.now();
    const cookie = this.cookies.get(viewer);
    const asked = {
      method: isWrite ? "POST" : "GET",
      path: isWrite ? `/write/${nth}` : "/products",
      viewer: `198.51.${Math.floor(viewer / 250)}.${viewer % 250}`,
      ...(cookie && { cookie }),
    };
    try {
      const { status, side, set } = await this.ask(asked);
      if (set) this.cookies.set(viewer, set);
      if (status !== 200) this.failures.push(`${asked.method} ${asked.path}: ${status}`);
      else if (isWrite) this.ledger.push(asked.path);
      const ended = this.now();
      this.seen.set(viewer, [...(this.seen.get(viewer) ?? []), { began, ended, side }]);
    } catch (error) {
      this.failures.push(`${asked.method} ${asked.path}: ${(error as Error).message}`);
    }
  }
}

interface Answer {
  readonly status: number;
  readonly side: string;
  readonly set: string | undefined;
}

describe.sequential("an address that moves in while people use it", () => {
  const stack = new InProcessStack();
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const clock = new RealClock(SPEED);
  /** The one database that both sides write to. */
  const database: string[] = [];
  const old = standIn("old", database, [OLD, APP]);
  /** Whether the new side fails one in sixteen of those who read: five in a hundred of all. */
  let ailing = false;
  let asked = 0;
  const fails = ({ url }: IncomingMessage) => ailing && url === "/products" && ++asked % 16 === 0;
  const next = standIn("new", database, undefined, fails);
  const place = { name: NAME, folder: stack.folder };
  /** When the share or the records were being changed, by the sandbox's clock. */
  const windows: { from: number; to: number }[] = [];
  let sandbox: Sandbox<RealClock>;
  let edge: EdgeServer;
  let stream: Stream;
  /** The move as a plan has seen it that was made before its first step. */
  let early: MoveSeen | undefined;
  /** What happens once while the next command asks either side. */
  let meanwhile: (() => Promise<void>) | undefined;

  const portOf = (host: string) =>
    host === OLD ? portIn(old) : host.endsWith(".elb.amazonaws.com") ? portIn(next) : undefined;

  const people = () => ({ port: edge.port, agent });

  /** The configuration of the environment, where `plan` would write it. */
  function configure(move: EnvironmentProps["move"]): void {
    const json = synthesizeAll({ [NAME]: environment(move) })[NAME]?.json ?? {};
    const { terraform } = json as { terraform?: object };
    writeFileSync(
      join(stack.folder, "cdk.tf.json"),
      JSON.stringify({ ...json, terraform: { ...terraform, backend: undefined } }),
    );
  }

  const quick: Clock = {
    now: () => clock.now(),
    sleep: (milliseconds, signal) => systemClock.sleep(milliseconds / SPEED, signal),
  };

  /** An apply of a saved plan as the command makes it; something happens while Terraform is at it. */
  function applying(file: string, move: MoveSeen | undefined, during: () => Promise<unknown>) {
    const terraform = {
      init: async () => ({ code: 0, problems: [] }),
      apply: async () => {
        await during();
        await succeed(stack.run("apply", file));
        return { code: 0, problems: [] };
      },
    } as Partial<Terraform> as Terraform;
    const saved = { file: () => file, remove() {} } as Partial<SavedPlans> as SavedPlans;
    const progress = { begin() {}, end: () => 0, update() {}, note() {} } as Partial<Progress> as Progress;
    const plan = { summary: summarize(planOf([])), move } as SavedPlan;
    const how = { change: "apply", patience: 0 } as const;
    return new Applier(terraform, saved, how, (one, seen, how) =>
      holdMove(one, seen, how, (changing) => keepStepsAway(changing, quick)),
    ).apply(place, plan, progress);
  }

  /** A command as a person types it, and what it prints. */
  async function run(
    command: (around: MoveSurroundings) => Promise<number>,
  ): Promise<{ code: number; text: string }> {
    let text = "";
    const write = (chunk: string) => {
      text += chunk;
    };
    const from = clock.now();
    const ask: Probe = async (asked) => {
      const act = meanwhile;
      meanwhile = undefined;
      await act?.();
      return probe(people(), asked);
    };
    const code = await command(surroundings({ clock, write, probe: ask }));
    windows.push({ from, to: clock.now() });
    return { code, text };
  }

  const yes = { yes: true };
  const watch = { limit: 10_000, bounds: { errors: 2, slower: 20 }, paths: [] };
  const shifting = (share: number) => run((around) => shiftCommand(NAME, { share, watch }, yes, around));
  const working = () => {
    const one = (type: string) => stack.world.find({ type })?.attributes ?? {};
    const { min_capacity: min, max_capacity: max } = one("aws_appautoscaling_target");
    const worker = stack.world.find({ type: "aws_ecs_service", where: { name: "worker" } });
    return {
      tasks: worker?.attributes.desired_count,
      scaling: [min, max],
      schedule: one("aws_scheduler_schedule").state,
    };
  };
  const leading = () =>
    stack.world
      .list({ type: "aws_route53_record", where: { fqdn: APP } })
      .map(({ attributes }) => String(attributes.type))
      .sort();

  beforeAll(async () => {
    for (const server of [old, next])
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    await makeVpc(stack.world, REGION);
    const zone = stack.world.find({ type: "aws_route53_zone" })?.id ?? "";
    await stack.world.change((world) =>
      world.put({
        type: "aws_route53_record",
        region: GLOBAL,
        id: `${zone}_${APP}_CNAME`,
        origin: "person",
        attributes: {
          zone_id: zone,
          name: APP,
          fqdn: APP,
          type: "CNAME",
          ttl: 60,
          records: [OLD],
          alias: [],
        },
      }),
    );
    configure({ from: { origin: `https://${OLD}`, domain: APP } });
    await succeed(stack.apply());
    sandbox = await Sandbox.start({ world: stack.world, clock });
    edge = await EdgeServer.start({ sandbox, portOf });
    for (const [name, value] of variablesOf(sandbox, REGION)) vi.stubEnv(name, value);
    await sandbox.push({ repository: "app", region: REGION, content: "v1", tags: [NAME] });
    stream = new Stream(
      async ({ method, path, cookie, viewer }) => {
        const headers = { ...(cookie && { cookie }), "x-sandbox-viewer": viewer };
        const { status, headers: told } = await visit(people(), APP, { method, path, headers });
        const [set] = [told["set-cookie"] ?? []].flat();
        return { status, side: String(told["x-side"]), set: set?.split(";")[0] };
      },
      () => clock.now(),
    );
    stream.start();
  });
  afterAll(async () => {
    await stream?.stop();
    agent.destroy();
    vi.unstubAllEnvs();
    await edge?.close();
    await sandbox?.close();
    for (const server of [old, next]) server.close();
    await stack.remove();
  });

  it("is surveyed: ready, with an old side that knows the name", async () => {
    const { code, text } = await run((around) => surveyCommand(NAME, {}, around));
    expect(code, text).toBe(0);
    expect(text).toContain(`the old side answers to ${APP}, too; it gets its own name all the same`);
    expect(text).toMatch(/! firewall: .* more than 2000 times in five minutes/);
    expect(text).toContain("✓ ready, one thing to consider. Nothing was changed.");
    await succeed(stack.run("plan", "-out=early"));
    early = moveSeen(parsePlan((await succeed(stack.run("show", "-json", "early"))).output), place);
    expect(early && (await movedOn(place, early))).toBeUndefined();
    expect(early?.region).toBe(REGION);
  });

  it("is led to the distribution, which sends everybody to the old side, and lets no apply in meanwhile", async () => {
    let applied: Promise<unknown> | undefined;
    meanwhile = async () => {
      applied = applying("early", early, () => expect.unreachable("it applies beside a step"));
      await applied;
    };
    const { code, text } = await run((around) => frontCommand(NAME, undefined, yes, around));
    expect(code, text).toBe(0);
    expect(await applied).toMatchObject({
      done: false,
      begun: false,
      problems: [
        {
          summary: expect.stringMatching(
            /^arn:\S+ has been at the step front since \S+\. Nothing was changed\.$/,
          ),
          wayOut: expect.stringMatching(
            /plan again: npx slipway plan north-shop-staging-2\. If that process died: \d+ sec/,
          ),
        },
      ],
    });
    expect(leading()).toEqual(["A", "AAAA"]);
    const sides = await Promise.all(
      [APP, WWW, ADMIN].map(async (host) => (await visit(people(), host, { path: "/" })).headers["x-side"]),
    );
    expect(sides).toEqual(["old", "old", "new"]);
    // Terraform itself takes the plan of before it for one of today.
    expect(early && (await movedOn(place, early))?.summary).toBe(STALE_MOVE);
    expect((await run((around) => statusCommand(NAME, {}, around))).text).toContain(
      `Next: npx slipway move ${NAME} shift 1`,
    );
  });

  it("goes back to the old side by itself when people meet errors that its health path does not show", async () => {
    ailing = true;
    const { code, text } = await run((around) =>
      shiftCommand(NAME, { share: 50, watch: { ...watch, limit: 120_000 } }, yes, around),
    );
    ailing = false;
    expect(code, text).toBe(3);
    expect(text).toMatch(
      /% of people's requests to it end with 5xx, 0\.0 % of the old side's, 2 points more/,
    );
    const met = stream.failures.splice(0);
    expect(met.length).toBeGreaterThan(5);
    expect(met.filter((failure) => !/^GET \/products: 500$/.test(failure))).toEqual([]);
    const back = await run((around) => statusCommand(NAME, {}, around));
    expect(back.text).toContain("went back from 50 % to 0 % by itself");
  });

  it("is answered by the new side for one in a hundred, for nobody again, and for all", async () => {
    for (const [command, share] of [
      [() => shifting(1), 1],
      [() => run((around) => backCommand(NAME, { word: false, copyBack: false }, yes, around)), 0],
      [() => shifting(100), 100],
    ] as const) {
      const { code, text } = await command();
      expect(code, text).toBe(0);
      expect(text).toContain(`the new side answers ${share} % of the viewers.`);
    }
  });

  it("has workers on the new side once the old ones have stopped", async () => {
    const { code, text } = await run((around) => workersCommand(NAME, ["worker"], yes, around));
    expect(code, text).toBe(0);
    expect(working()).toEqual({ tasks: 2, scaling: [2, 4], schedule: "ENABLED" });
    expect((await succeed(stack.run("plan"))).output).toContain("No changes.");
  });

  it("holds them again at once, and has them once more, without a change for Terraform", async () => {
    const back = { word: false, copyBack: false };
    const { code, text } = await run((around) => backCommand(NAME, back, yes, around));
    expect(code, text).toBe(0);
    expect(working()).toEqual({ tasks: 0, scaling: [0, 0], schedule: "DISABLED" });
    expect((await succeed(stack.run("plan"))).output).toContain("No changes.");
    const again = await run((around) => workersCommand(NAME, ["worker"], yes, around));
    expect(again.code, again.text).toBe(0);
  });

  it("is at its end only after a day", async () => {
    const early = await run((around) => finishCommand(NAME, { quiet: DAY }, yes, around));
    expect([early.code, early.text]).toEqual([1, expect.stringContaining("24 h must have passed")]);
    const { code, text } = await run((around) => finishCommand(NAME, { quiet: 1_000 }, yes, around));
    expect(code, text).toBe(0);
    expect(text).toContain(`take \`move\` out of environments/${NAME}.ts`);
  });

  it("leaves nothing: its records are imported, what moved it goes, and the plan after that is empty", async () => {
    configure(false);
    await succeed(stack.run("plan", "-out=first"));
    const shown = await succeed(stack.run("show", "-json", "first"));
    const { imports, problems } = await standingRecords(parsePlan(shown.output), askRoute53(place));
    expect(problems).toEqual([]);
    expect(imports.map(({ id }) => id.replace(/^Z\w+_/, "")).sort()).toEqual([`${APP}_A`, `${APP}_AAAA`]);
    const planned = await withImports(place, imports, () => succeed(stack.run("plan", "-out=second")));
    expect(planned.output).toMatch(/Plan: 2 to import, 2 to add/);
    const move = moveSeen(parsePlan(shown.output), place);
    const back = { word: false, copyBack: false };
    const applied = await applying("second", move, async () => {
      const { code, text } = await run((around) => backCommand(NAME, back, yes, around));
      expect([code, text]).toEqual([
        5,
        expect.stringMatching(
          /arn:\S+ has been applying the environment since .*\n.*Wait until that has ended/,
        ),
      ]);
    });
    expect(applied.problems).toEqual([]);
    expect((await succeed(stack.run("plan"))).output).toContain("No changes.");
    expect(leading()).toEqual(["A", "AAAA"]);
    for (const type of ["aws_cloudfront_function", "aws_cloudfront_key_value_store"])
      expect(stack.world.list({ type })).toEqual([]);
    const parameters = stack.world
      .list({ type: "aws_ssm_parameter" })
      .map(({ attributes }) => attributes.name);
    expect(parameters.filter((name) => String(name).startsWith(`/${NAME}/move`))).toEqual([]);
  });

  it("lost no request and no write on the way, and nobody changed sides but by a shift", async () => {
    await stream.stop();
    expect(stream.failures).toEqual([]);
    expect(stream.requests).toBeGreaterThan(500);
    // Each write that was answered with success is there, once.
    expect([...database].sort()).toEqual([...stream.ledger].sort());
    const changes = [...stream.seen.values()].flatMap((seen) => {
      const ordered = [...seen].sort((one, other) => one.began - other.began);
      return ordered.flatMap((one, nth) => {
        const before = ordered[nth - 1];
        return before && before.side !== one.side ? [{ before, one }] : [];
      });
    });
    expect(changes.length).toBeGreaterThan(VIEWERS / 2);
    const unexplained = changes.filter(
      ({ before, one }) => !windows.some(({ from, to }) => from <= one.ended && to >= before.began),
    );
    expect(unexplained).toEqual([]);
    expect(new Set([...stream.seen.values()].map((seen) => seen.at(-1)?.side))).toEqual(new Set(["new"]));
  });
});

/** Whoever answers on one side: the old one to its own name alone. */
function standIn(
  side: string,
  database: string[],
  names: readonly string[] | undefined,
  fails: (asked: IncomingMessage) => boolean = () => false,
): Server {
  const server = createServer((asked, response) => {
    const isKnown = !names || names.includes(asked.headers.host ?? "");
    asked.resume();
    if (fails(asked)) return response.writeHead(500).end();
    if (isKnown && asked.method === "POST") database.push(asked.url ?? "");
    response.writeHead(isKnown ? 200 : 404, { "x-side": side }).end(side);
  });
  // Longer than whoever asks keeps a connection: one that closes as it is used is no answer.
  server.keepAliveTimeout = 120_000;
  return server;
}

const portIn = (server: Server) => (server.address() as AddressInfo).port;
