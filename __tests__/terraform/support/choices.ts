import { type EnvironmentProps, type Preset, production, small } from "../../../modules/environment";
import { layer } from "../../../modules/options";
import { makeByHand, renamed } from "../../../sandbox/aws/by-hand";
import type { World } from "../../../sandbox/world";
import type { Choice, Choices, Row } from "./pairs";

/** What a value of an option adds to an environment file. */
type Addition = Partial<EnvironmentProps>;

const additions = <C extends Readonly<Record<string, Readonly<Record<string, Addition>>>>>(of: C) => of;
const web = (service: NonNullable<EnvironmentProps["services"]>[string]): Addition => ({
  services: { web: service },
});

/**
 * The preset `production`, with nothing in it that refuses to be taken away or waits for a maintenance window. Logins are a
 * choice of their own.
 */
const movable = layer(production, {
  data: "disposable",
  database: { applyImmediately: true, logins: false },
  distribution: { deletionProtection: false },
}) as Preset;

const pool = { instanceTypes: ["m7a.large"], weight: 2 };
const spot = { instanceTypes: ["m7a.large", "m6a.large"], spot: true };
const names = ["app.example.com"];
const certificate = (region: string) => `arn:aws:acm:${region}:123456789012:certificate/0a1b2c3d`;
const given = { cloudfront: certificate("us-east-1"), loadBalancer: certificate("us-west-2") };
const subnets = {
  private: ["subnet-0000000000000000a", "subnet-0000000000000000b"],
  public: ["subnet-0000000000000000c", "subnet-0000000000000000d"],
};
const existing = { vpc: "vpc-0123456789abcdef0", subnets };
const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5cYZgqfQ8bbWuUYVhIcQ3M0EzZrXk3Rw9B3Cq3m0dE someone";

/**
 * The options of an environment, and what may be chosen for each. Storage only grows and versions only rise, so that those
 * are no choices here.
 */
export const environmentChoices = additions({
  preset: { small: { preset: small }, production: { preset: movable } },
  vpc: { own: {}, there: { network: existing } },
  encryption: { "AWS's key": { encryption: "aws" }, "its own key": { encryption: "own" } },
  zones: {
    three: {},
    two: { network: { zones: 2 } },
    "by name": { network: { zones: ["us-west-2b", "us-west-2a"] } },
  },
  nat: {
    "the preset's": {},
    "per-zone": { network: { nat: "per-zone" } },
    instance: { network: { nat: "instance" } },
    none: { network: { nat: false } },
  },
  endpoints: {
    "as NAT asks": {},
    all: { network: { endpoints: true } },
    some: { network: { endpoints: ["ecr.api", "ecr.dkr", "logs"] } },
  },
  ipv6: { off: {}, on: { network: { ipv6: true } } },
  "flow logs": {
    "the preset's": {},
    all: { network: { flowLogs: { traffic: "all", days: 7 } } },
  },
  peering: { none: {}, "with another": { network: { peering: ["other"] } } },
  bastion: {
    private: {},
    none: { bastion: false },
    ssh: { bastion: { ssh: { cidrs: ["203.0.113.7/32"], publicKey } } },
  },
  database: {
    "the preset's": {},
    none: { database: false },
    larger: {
      database: {
        instanceClass: "db.m7g.xlarge",
        multiAz: true,
        backupDays: 35,
        performanceInsights: false,
        parameters: { max_connections: 200, work_mem: "8192" },
        urlParameters: { sslmode: "verify-full" },
      },
    },
  },
  "two databases": {
    none: {},
    "its own": { database: { also: "external" } },
    "the one elsewhere": { database: { also: "external", use: "external" } },
  },
  // A copy of its image: with NAT and without it.
  logins: {
    off: {},
    on: { database: { logins: { image: "123456789012.dkr.ecr.us-west-2.amazonaws.com/postgres:17" } } },
  },
  move: {
    nothing: {},
    data: { move: { database: true } },
    compute: { move: { from: { origin: "https://old.example.net", domain: "app.example.com" } } },
  },
  capacity: {
    "the preset's": {},
    none: { cluster: { capacity: {} } },
    two: { cluster: { capacity: { pool, spot } } },
    Graviton: { cluster: { capacity: { spot: { instanceTypes: ["t4g.medium", "t4g.large"], spot: true } } } },
  },
  insights: { on: {}, off: { cluster: { containerInsights: false } } },
  image: { tracked: {}, pinned: { cluster: { image: "ami-0123456789abcdef0" } } },
  registry: {
    there: { registry: "app" },
    made: { registry: { repository: "made", create: true } },
  },
  distribution: {
    plain: {},
    none: { distribution: false },
    domain: { distribution: { domain: { names: [...names, "www.example.com"], zone: "example.com" } } },
    "given certificates": { distribution: { domain: { names, zone: false, certificate: given } } },
  },
  waf: { off: {}, on: { distribution: { waf: true } } },
  "access logs": { "the preset's": {}, on: { distribution: { accessLogs: { days: 30 } } } },
  "cached paths": { none: {}, some: { distribution: { cachedPaths: ["/static/*"] } } },
  tuning: {
    none: {},
    some: { distribution: { timeout: 30, priceClass: "PriceClass_All", hstsSubdomains: true } },
  },
  web: {
    "a port": web({ port: 8080 }),
    "hosts and paths": web({ port: 8080, hosts: names, paths: ["/app/*", "/health"], health: "/health" }),
    internal: web({ port: 8080, internal: true }),
    worker: web({ command: ["work"] }),
  },
  "web's capacity": {
    all: {},
    spot: web({ capacity: "spot" }),
    Fargate: web({ capacity: "fargate" }),
    "Fargate Spot": web({ capacity: "fargate-spot", architecture: "ARM64", cpu: 512, memory: 1024 }),
  },
  "web's database": {
    yes: {},
    no: web({ database: false }),
    URLs: web({ database: ["DATABASE_URL"] }),
    "its own schema": web({ database: { schema: "web", urls: ["DATABASE_URL"] } }),
  },
  "web's registry": { "the environment's": {}, own: web({ registry: { repository: "web", create: true } }) },
  "web's config": {
    none: {},
    "own address": web({ config: { REDIRECT: "$URL/callback" } }),
    "address of api": web({ config: { API: "$SERVICE_URL(api)" } }),
  },
  migrations: { none: {}, goose: web({ migrations: true }), own: web({ migrations: ["bin/migrate"] }) },
  autoscaling: { off: {}, on: web({ autoscaling: { min: 2, max: 4 } }) },
  "root file system": { writable: {}, "read-only": web({ readonlyRootFilesystem: true }) },
  exec: { off: {}, on: web({ exec: true }) },
  schedules: {
    none: {},
    two: web({
      schedules: {
        nightly: { expression: "cron(0 3 * * ? *)", command: ["report"] },
        hourly: { expression: "rate(1 hour)", command: ["sync"] },
      },
    }),
  },
  secrets: { none: {}, two: web({ secrets: ["CLIENT_ID", "CLIENT_SECRET"] }) },
  permissions: {
    none: {},
    some: web({
      permissions: [{ sid: "Uploads", actions: ["s3:PutObject"], resources: ["arn:aws:s3:::uploads/*"] }],
    }),
  },
  uses: {
    nothing: {},
    "a bucket": web({ uses: { uploads: "bucket" } }),
    "a queue": web({ uses: { jobs: { type: "queue", visibilityTimeout: 300 } } }),
    "a cache": web({ uses: { cache: { type: "valkey", replicas: 2 } } }),
  },
  api: {
    none: {},
    // Without a database, so that a second one asks nothing of it.
    internal: { services: { api: { port: 9000, internal: true, database: false } } },
    worker: {
      services: { api: { capacity: "fargate", count: 2, uses: { jobs: "queue" }, database: false } },
    },
  },
});

const notOurs = /is about a VPC that the environment makes/;
const noOwnDatabase = /needs a database that the environment makes, and database is false/;
const noOwnAddress = /is served by nobody, since distribution is false/;

const twoDatabases: readonly Choice[] = [
  ["two databases", "its own"],
  ["two databases", "the one elsewhere"],
  ["move", "data"],
];

/** Pairs that may be written and are refused, with what is said of them. */
export const refusals: readonly (readonly [one: Choice, other: Choice, said: RegExp])[] = [
  [["nat", "none"], ["endpoints", "some"], /without NAT the environment reaches AWS through endpoints alone/],
  [["nat", "none"], ["move", "data"], /needs a way out to the database that is elsewhere/],
  [["logins", "off"], ["web's database", "its own schema"], /say logins: true in database/],
  ...twoDatabases.flatMap((of) => [
    [of, ["web's database", "yes"], /has its URL alone to give/] as const,
    [of, ["web's database", "its own schema"], /Leave it out while there are two/] as const,
  ]),
  [["two databases", "the one elsewhere"], ["move", "data"], /is the move's to say/],
  [["vpc", "there"], ["zones", "two"], notOurs],
  [["vpc", "there"], ["zones", "by name"], notOurs],
  [["vpc", "there"], ["peering", "with another"], notOurs],
  [["vpc", "there"], ["nat", "per-zone"], notOurs],
  [["vpc", "there"], ["nat", "instance"], notOurs],
  [["vpc", "there"], ["nat", "none"], notOurs],
  [["vpc", "there"], ["endpoints", "all"], notOurs],
  [["vpc", "there"], ["endpoints", "some"], notOurs],
  [["vpc", "there"], ["flow logs", "all"], notOurs],
  [["distribution", "none"], ["web", "a port"], noOwnAddress],
  [["distribution", "none"], ["web", "hosts and paths"], noOwnAddress],
  [["distribution", "none"], ["web's config", "own address"], /\$URL has no value/],
  [["distribution", "plain"], ["web", "hosts and paths"], /"app\.example\.com" never arrives/],
  [["capacity", "none"], ["web's capacity", "spot"], /"spot" is none of fargate, fargate-spot/],
  [["exec", "on"], ["root file system", "read-only"], /which readonlyRootFilesystem forbids/],
  [["database", "none"], ["web's database", "URLs"], /the environment has none/],
  [["database", "none"], ["web's database", "its own schema"], /the environment has none/],
  [["database", "none"], ["move", "data"], noOwnDatabase],
  [
    ["distribution", "none"],
    ["move", "compute"],
    /which stands in front of both sides, and distribution is false/,
  ],
  [["distribution", "plain"], ["move", "compute"], /needs distribution\.domain/],
  [["move", "compute"], ["web", "internal"], /is answered by no service/],
  [["move", "compute"], ["web", "worker"], /is answered by no service/],
  [["api", "none"], ["web's config", "address of api"], /names no internal service/],
  [["api", "worker"], ["web's config", "address of api"], /names no internal service/],
];

const addition = (choices: Choices, [option, value]: Choice) => choices[option]?.[value] as Addition;

/** Whether one leaves out the part of an environment that the other describes: no file can say both. */
export function contradict(choices: Choices, one: Choice, other: Choice): boolean {
  const [these, those] = [addition(choices, one), addition(choices, other)];
  return (["distribution", "database", "bastion"] as const).some(
    (part) =>
      (these[part] === false && those[part] !== undefined) ||
      (those[part] === false && these[part] !== undefined),
  );
}

/** The environment that others peer with, and its part of the world. */
export const other: EnvironmentProps = {
  region: "us-west-2",
  network: "192.168.0.0/16",
  registry: "app",
  services: {},
};

function makeOther(world: World): void {
  const tags = { Name: "other", environment: "other", "managed-by": "slipway" };
  const { id } = makeByHand(
    world,
    "aws_vpc",
    "other",
    { cidr_block: String(other.network), tags },
    other.region,
  );
  makeByHand(world, "aws_route_table", "other", { vpc_id: id, tags: { kind: "private" } }, other.region);
}

/** What people do before IPv6 is switched off: nothing that the environment runs has an address of it any more. */
export function leaveIpv6(world: World): Promise<void> {
  return world.change(() => {
    for (const one of world.list().filter(({ origin }) => origin === "terraform")) {
      if (one.type === "aws_subnet") world.update(one, { assign_ipv6_address_on_creation: false });
      if (one.type === "aws_instance") world.update(one, { ipv6_addresses: [], ipv6_address_count: 0 });
    }
  });
}

/** Makes what the values of the table name as there already. */
export function makeBefore(world: World): Promise<void> {
  const region = base.region;
  return world.change(() => {
    makeOther(world);
    const dual = { assign_generated_ipv6_cidr_block: true };
    const vpc = makeByHand(world, "aws_vpc", existing.vpc, dual, region);
    const gives = (at: number) => ({
      ipv6_cidr_block: String(vpc.attributes.ipv6_cidr_block).replace("00::/56", `0${at}::/64`),
      assign_ipv6_address_on_creation: true,
    });
    for (const [at, id] of subnets.private.entries()) makeByHand(world, "aws_subnet", id, gives(at), region);
    for (const id of subnets.public) makeByHand(world, "aws_subnet", id, {}, region);
    makeByHand(world, "aws_internet_gateway", "igw-0123456789abcdef0", {}, region);
    for (const arn of Object.values(given)) {
      const [name = "", at] = [names[0], arn.split(":")[3]];
      const made = makeByHand(world, "aws_acm_certificate", name, { validation_method: "DNS" }, at);
      world.update(renamed(world, made, arn), { status: "ISSUED" });
    }
  });
}

/** The least that every row says: a database's storage never shrinks from one to the next. */
const base: EnvironmentProps = {
  region: "us-west-2",
  registry: "app",
  database: { storage: 100, maxStorage: 500 },
  services: {},
};

/** The environment file of a row. */
export const propsOf = (row: Row<typeof environmentChoices>): EnvironmentProps =>
  Object.entries(row).reduce<EnvironmentProps>(
    (props, choice) => layer(props, addition(environmentChoices, choice)) as EnvironmentProps,
    base,
  );
