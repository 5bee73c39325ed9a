import { writeFileSync } from "node:fs";
import { Agent, createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { surroundings, variablesOf } from "../../demo/move/around";
import { admitMover, MOVER } from "../../demo/move/mover";
import { probe, visit } from "../../demo/move/visit";
import type { EnvironmentProps } from "../../modules/environment";
import { backCommand, frontCommand, surveyCommand } from "../../move/commands";
import type { MoveSurroundings } from "../../move/session";
import { parsePlan } from "../../plan/plan-json";
import { askRoute53, standingRecords, withImports } from "../../plan/records";
import type { Caller } from "../../sandbox/api/call";
import { Sandbox } from "../../sandbox/api/sandbox";
import { EdgeServer } from "../../sandbox/edge/server";
import { RealClock } from "../../sandbox/engine/clock";
import { type Attributes, GLOBAL } from "../../sandbox/world";
import { but, web } from "../modules/support/least";
import { synthesize } from "../modules/support/synthesize";
import { InProcessStack, succeed } from "./support/in-process";

const OLD = "abc.us-west-2.awsapprunner.com";
const APP = "app.example.com";
/** The distribution that people come by; in the second half it is this account's. */
const HOLDER = "E0LDSIDE000001";
const THERE = "111122223333";
const NAME = "d0ldside.cloudfront.net";
/** How much faster than real time the account goes on: CloudFront takes minutes. */
const SPEED = 200;
const yes = { yes: true };

const environment = (distribution: string | false) =>
  but({
    bastion: false,
    database: false,
    distribution: { domain: { names: [APP], zone: "example.com" }, deletionProtection: false },
    services: { web: { port: web.port, health: "/health" } },
    move: distribution !== false && { from: { origin: `https://${OLD}`, domain: APP, distribution } },
  } satisfies Partial<EnvironmentProps>);

const standIn = (side: string): Server =>
  createServer((incoming, response) => {
    incoming.resume();
    response.writeHead(200, { "x-side": side }).end();
  });

describe.sequential("a name on another distribution, brought by somebody with the move's policy and no other right", () => {
  const stack = new InProcessStack();
  const clock = new RealClock(SPEED);
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const servers = { old: standIn("old"), new: standIn("new") };
  const identities: Record<string, Partial<Caller>> = {};
  let sandbox: Sandbox<RealClock>;
  let edge: EdgeServer;
  /** Answers of whoever asks for the name all the time, by their status and side. */
  const answers: Record<string, number> = {};
  let watching = true;
  let watched: Promise<void>;

  const people = () => ({ port: edge.port, agent });
  const portOf = (host: string) => {
    const side = host === OLD ? "old" : host.endsWith(".elb.amazonaws.com") ? "new" : undefined;
    return side && (servers[side].address() as AddressInfo).port;
  };
  const configure = (distribution: string | false) => {
    const { terraform, ...json } = synthesize(environment(distribution)).json as { terraform?: object };
    const own = { ...json, terraform: { ...terraform, backend: undefined } };
    writeFileSync(join(stack.folder, "cdk.tf.json"), JSON.stringify(own));
  };
  const put = (type: string, id: string, attributes: Attributes) =>
    stack.world.change((world) =>
      world.put({ type, region: GLOBAL, id, origin: "person", attributes: { ...attributes, id } }),
    );
  const distributions = () => stack.world.list({ type: "aws_cloudfront_distribution" });
  const namesOf = (isHolder: boolean) =>
    distributions().find(({ id }) => (id === HOLDER) === isHolder)?.attributes.aliases;
  const names = () => ({ ours: namesOf(false), others: namesOf(true) });
  /** Changes the other distribution, as a person of its account does. */
  const change = (attributes: Attributes) =>
    stack.world.change((world) => {
      const found = distributions().find(({ id }) => id === HOLDER);
      if (found) world.update(found, attributes);
    });
  const leading = () =>
    stack.world
      .list({ type: "aws_route53_record", where: { fqdn: APP } })
      .map(({ attributes }) => String(attributes.type))
      .sort();

  async function run(
    command: (around: MoveSurroundings) => Promise<number>,
    hear: (text: string) => unknown = () => {},
  ): Promise<{ code: number; text: string }> {
    let text = "";
    const write = (chunk: string) => {
      text += chunk;
      hear(chunk);
    };
    const code = await command(surroundings({ clock, write, probe: (ask) => probe(people(), ask) }));
    return { code, text };
  }
  const front = (hear?: (text: string) => unknown) =>
    run((around) => frontCommand("staging", undefined, yes, around), hear);
  const back = (hear?: (text: string) => unknown) =>
    run((around) => backCommand("staging", { word: false, copyBack: false }, yes, around), hear);
  /** What whoever moves asks IAM for from now on. */
  async function admit() {
    const access = await admitMover(sandbox, stack.world);
    identities[MOVER.key] = { access };
    return () =>
      [...new Set(access.asked.map(({ action }) => action))].filter((one) => /Alias/.test(one)).sort();
  }

  beforeAll(async () => {
    for (const server of Object.values(servers))
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const zone = stack.world.find({ type: "aws_route53_zone" })?.id ?? "";
    const record = {
      zone_id: zone,
      name: APP,
      fqdn: APP,
      type: "CNAME",
      ttl: 60,
      records: [NAME],
      alias: [],
    };
    await put("aws_route53_record", `${zone}_${APP}_CNAME`, record);
    await put("aws_cloudfront_distribution", HOLDER, {
      arn: `arn:aws:cloudfront::${stack.world.account}:distribution/${HOLDER}`,
      domain_name: NAME,
      last_modified_time: "2026-01-01T00:00:00Z",
      aliases: [APP],
      enabled: true,
      viewer_certificate: [
        { acm_certificate_arn: "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d" },
      ],
      default_cache_behavior: [{ target_origin_id: "app", allowed_methods: ["GET", "HEAD"] }],
      origin: [{ origin_id: "app", domain_name: OLD, custom_origin_config: [{ origin_read_timeout: 30 }] }],
    });
    configure(HOLDER);
    await succeed(stack.apply());
    sandbox = await Sandbox.start({ world: stack.world, clock, identities });
    edge = await EdgeServer.start({ sandbox, portOf });
    for (const [name, value] of variablesOf(sandbox, "us-west-2")) vi.stubEnv(name, value);
    vi.stubEnv("AWS_ACCESS_KEY_ID", MOVER.key);
    watched = (async () => {
      while (watching) {
        const said = await visit(people(), APP, { path: "/" }).catch((error: Error) => ({
          status: error.message,
          headers: {},
        }));
        const key = `${said.status} ${(said.headers as Record<string, string>)["x-side"]}`;
        answers[key] = (answers[key] ?? 0) + 1;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
  });
  afterAll(async () => {
    watching = false;
    await watched;
    agent.destroy();
    vi.unstubAllEnvs();
    await edge?.close();
    await sandbox?.close();
    for (const server of Object.values(servers)) server.close();
    await stack.remove();
  });

  it("within the account goes there in one call, and back", async () => {
    const asked = await admit();
    expect(names()).toEqual({ ours: [], others: [APP] });
    const there = await front();
    expect(there.code, there.text).toBe(0);
    expect([names(), leading()]).toEqual([{ ours: [APP], others: [] }, ["A", "AAAA"]]);
    const returned = await back();
    expect(returned.code, returned.text).toBe(0);
    expect([names(), leading()]).toEqual([{ ours: [], others: [APP] }, ["CNAME"]]);
    expect(asked()).toEqual(["cloudfront:AssociateAlias", "cloudfront:ListConflictingAliases"]);
  });

  it("between accounts waits there in a wildcard's place, and goes once somebody there has given it up", async () => {
    await change({ arn: `arn:aws:cloudfront::${THERE}:distribution/${HOLDER}` });
    const lost = await run((around) => surveyCommand("staging", {}, around));
    expect([lost.code, lost.text]).toEqual([1, expect.stringContaining(`has no distribution ${HOLDER}`)]);
    const told = await run((around) => frontCommand("staging", undefined, { ...yes, json: true }, around));
    const lines = told.text.split("\n").filter((line) => line.startsWith("{"));
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        type: "result",
        environment: "staging",
        exitCode: 1,
        text: expect.stringContaining(`has no distribution ${HOLDER}`),
        wayOut: [
          expect.stringContaining(`say its ARN, arn:aws:cloudfront::<account>:distribution/${HOLDER}`),
        ],
      },
    ]);
    configure(`arn:aws:cloudfront::${THERE}:distribution/${HOLDER}`);
    await succeed(stack.apply());
    const asked = await admit();
    expect(names()).toEqual({ ours: ["*.example.com"], others: [APP] });
    const hear = (aliases: string[]) => (text: string) => text.includes("  now ") && change({ aliases });
    const there = await front(hear([]));
    expect(there.code, there.text).toBe(0);
    expect(there.text).toContain(`now take ${APP} off distribution ${HOLDER} of account ${THERE}`);
    expect([names(), leading()]).toEqual([{ ours: ["*.example.com"], others: [] }, ["A", "AAAA"]]);
    const returned = await back(hear([APP]));
    expect(returned.code, returned.text).toBe(0);
    expect([names(), leading()]).toEqual([{ ours: ["*.example.com"], others: [APP] }, ["CNAME"]]);
    expect((await front(hear([]))).code).toBe(0);
    expect(asked()).toEqual(["cloudfront:ListConflictingAliases"]);
  });

  it("never left anybody unanswered, nor at the other side", async () => {
    watching = false;
    await watched;
    expect(Object.keys(answers)).toEqual(["200 old"]);
    expect(answers["200 old"]).toBeGreaterThan(100);
  });

  it("takes the wildcard's place with the apply that takes the move out, and nothing is left of either", async () => {
    vi.stubEnv("AWS_ACCESS_KEY_ID", sandbox.accessKey);
    configure(false);
    const place = { name: "staging", folder: stack.folder };
    await succeed(stack.run("plan", "-out=first"));
    const shown = parsePlan((await succeed(stack.run("show", "-json", "first"))).output);
    const { imports } = await standingRecords(shown, askRoute53(place));
    await withImports(place, imports, () => succeed(stack.run("plan", "-out=second")));
    await succeed(stack.run("apply", "second"));
    expect(names()).toEqual({ ours: [APP], others: [] });
    expect(
      stack.world
        .list({ type: "aws_acm_certificate" })
        .map(({ attributes }) => attributes.subject_alternative_names),
    ).toEqual([[APP], [APP]]);
    expect((await succeed(stack.run("plan"))).output).toContain("No changes.");
  });
});
