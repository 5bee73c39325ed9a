import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { type EnvironmentProps, production, small } from "../../modules/environment";
import { resolve } from "../../modules/environment/resolve";
import { environmentOptions } from "../../modules/environment/props";
import { formOf, freeze, layer, unwrapped } from "../../modules/options";
import { but, butWeb, larger, least, type ServiceProps, web } from "./support/least";

function configurationOf(props: EnvironmentProps, name = "staging") {
  const { configuration, mistakes } = resolve(props, name);
  if (configuration === undefined)
    throw new Error(mistakes.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  return configuration;
}

const json = <T>(value: T): T => JSON.parse(JSON.stringify(value));

/** Everything within a value that could be changed. */
function unfrozen(value: unknown, path = "it"): string[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, child]) => unfrozen(child, `${path}.${key}`));
  return Object.isFrozen(value) ? inner : [path, ...inner];
}

describe("resolve", () => {
  test("gives the same answer for the same props", () => {
    for (const props of [least, larger]) expect(configurationOf(props)).toEqual(configurationOf(json(props)));
  });

  test("changes nothing of what it is given", () => {
    for (const props of [least, larger, but({ network: { nat: false }, database: false })]) {
      const before = json(props);
      resolve(freeze(structuredClone(props)), "staging");
      resolve(props, "staging");
      expect(json(props)).toEqual(before);
    }
  });

  test("freezes the configuration to its leaves, and it prints", () => {
    const configuration = configurationOf(larger, "prod");
    expect(unfrozen(configuration)).toEqual([]);
    expect(json(configuration)).toEqual(configuration);
  });

  test("leaves what the caller passed unfrozen, presets included", () => {
    const props = { ...json(least), services: { web: { ...json(web), config: { A: "1" } } } };
    configurationOf(props);
    expect(Object.isFrozen(props.services.web.config)).toBe(false);
    expect(unfrozen(small)).not.toEqual([]);
    expect(unfrozen(production)).not.toEqual([]);
  });

  test("takes the file's name, unless the props say another", () => {
    expect(configurationOf(least, "qa").name).toBe("qa");
    expect(configurationOf(but({ name: "other" }), "qa").name).toBe("other");
  });

  test("gives each name addresses of its own, and keeps them", () => {
    const cidrOf = (props: EnvironmentProps, name: string) => {
      const { network } = configurationOf(props, name);
      return network.vpc === undefined ? network.cidr : "none";
    };
    expect(cidrOf(least, "staging")).toBe(cidrOf(larger, "staging"));
    const cidrs = ["staging", "prod", "qa", "demo", "dev"].map((name) => cidrOf(least, name));
    expect(new Set(cidrs).size).toBe(cidrs.length);
    for (const cidr of cidrs) expect(cidr).toMatch(/^10\.\d+\.0\.0\/16$/);
  });
});

describe("presets", () => {
  test("are plain data", () => {
    for (const preset of [small, production]) expect(json(preset)).toEqual(preset);
  });

  test("lie under what is written, part by part", () => {
    const { database, network } = configurationOf({
      ...larger,
      database: { storage: 50 },
      network: "10.9.0.0/16",
    });
    expect(database).toMatchObject({ storage: 50, instanceClass: "db.m7g.large", multiAz: true });
    expect(network).toMatchObject({ cidr: "10.9.0.0/16", nat: "per-zone" });
  });

  test("are all there is where a part says true or nothing", () => {
    const said = configurationOf({ ...larger, database: true, network: true, distribution: true });
    expect(said).toEqual(configurationOf(larger));
  });

  test("do not return where a part says false", () => {
    const { database, bastion } = configurationOf({
      ...larger,
      database: false,
      bastion: false,
      services: {},
    });
    expect({ database, bastion }).toEqual({ database: false, bastion: false });
  });

  test("give each service its start, which the service may override", () => {
    const { services } = configurationOf({ ...larger, services: { web, api: { count: 5, logDays: 1 } } });
    expect(services.map(({ name, count, logDays }) => ({ name, count, logDays }))).toEqual([
      { name: "web", count: 2, logDays: 90 },
      { name: "api", count: 5, logDays: 1 },
    ]);
  });

  test("may be anybody's own", () => {
    const preset = {
      ...small,
      database: { multiAz: true, storage: 80 },
      service: { memory: 1024 },
    };
    const { database, services } = configurationOf(but({ preset }));
    expect(database).toMatchObject({ storage: 80, multiAz: true });
    expect(services[0]?.memory).toBe(1024);
  });

  test("give way as a whole where capacity is named, and stay where only the rest of the cluster is", () => {
    const own = { mine: { instanceTypes: ["t3.large"] } };
    const named = configurationOf({ ...larger, cluster: { capacity: own } });
    expect(Object.keys(named.cluster.capacity)).toEqual(["mine"]);
    const rest = configurationOf({ ...larger, cluster: { targetCapacity: 75 } });
    expect(Object.keys(rest.cluster.capacity)).toEqual(["base", "spot"]);
    expect(rest.cluster.targetCapacity).toBe(75);
  });
});

describe("what is written short over a preset", () => {
  const service = (under: Partial<ServiceProps>, own: Partial<ServiceProps>) =>
    configurationOf(but({ preset: { service: under }, services: { web: { port: 80, ...own } } })).services[0];
  const distribution = (under: EnvironmentProps["distribution"], over: EnvironmentProps["distribution"]) =>
    configurationOf(but({ preset: { distribution: under }, distribution: over })).distribution;

  test("leaves the rest of the preset's, in a service", () => {
    const health = { path: "/", interval: 30, gracePeriod: 600 };
    expect(service({ health }, { health: "/up" })?.health).toEqual({ ...health, path: "/up" });
    expect(service({ health: "/up" }, { health: { interval: 30 } })?.health).toMatchObject({ path: "/up" });
    const { services } = configurationOf(
      but({
        preset: { database: { logins: true }, service: { database: { schema: "shop" } } },
        services: { web: { port: 80, database: ["DSN"] } },
      }),
    );
    expect(services[0]?.database).toMatchObject({ schema: "shop", urls: ["DSN"] });
    expect(service({ autoscaling: { max: 4, cpu: 50 } }, { autoscaling: { max: 8 } })?.autoscaling).toEqual({
      min: 1,
      max: 8,
      cpu: 50,
    });
    expect(service({ migrations: ["rake"] }, { migrations: true })?.migrations).toEqual({
      command: ["rake"],
    });
    expect(service({ registry: { repository: "a", create: true } }, { registry: "b" })?.registry).toEqual({
      repository: "b",
      create: true,
    });
  });

  test("leaves the rest of the preset's, within a part", () => {
    expect(distribution({ waf: { rateLimit: 500 } }, { waf: true })).toMatchObject({
      waf: { rateLimit: 500 },
    });
    expect(distribution({ accessLogs: { days: 7 } }, { accessLogs: true })).toMatchObject({
      accessLogs: { days: 7 },
    });
    const domain = { names: ["acme.io"], zone: "acme.io" };
    const arn = (id: string, region = "us-east-1") => `arn:aws:acm:${region}:123456789012:certificate/${id}`;
    const under = {
      domain: { ...domain, certificate: { cloudfront: arn("a"), loadBalancer: arn("b", "us-west-2") } },
    };
    expect(distribution(under, { domain: { ...domain, certificate: arn("c") } })).toMatchObject({
      domain: { certificate: { cloudfront: arn("c"), loadBalancer: arn("b", "us-west-2") } },
    });
  });

  test("takes nothing of it where false stands over or under", () => {
    expect(distribution({ waf: { rateLimit: 500 } }, { waf: false })).toMatchObject({ waf: false });
    expect(distribution({ waf: false }, { waf: true })).toMatchObject({ waf: { rateLimit: 2000 } });
    expect(service({ migrations: ["rake"] }, { migrations: false })?.migrations).toBe(false);
  });

  test("is another thing where a use has another type", () => {
    const uses = (own: ServiceProps["uses"]) =>
      service({ uses: { files: { type: "bucket", versionDays: 3 } } }, { uses: own })?.uses;
    expect(uses({ files: "bucket" })).toMatchObject({ files: { type: "bucket", versionDays: 3 } });
    expect(uses({ files: "queue" })).toMatchObject({ files: { type: "queue", attempts: 5 } });
  });

  test("merges wherever an option has a shorthand, as what it stands for does", () => {
    const found = shorthands(environmentOptions);
    expect(found.map(({ path }) => path.join("."))).toEqual([
      "network",
      "database",
      "distribution.domain.certificate",
      "registry",
      "services.*.health",
      "services.*.registry",
      "services.*.database",
      "services.*.uses.*",
      "services.*.migrations",
    ]);
    // One letter is no option of any part, and says nothing of its kind, as vpc does.
    const kept = fc.dictionary(fc.stringMatching(/^[a-z]$/), fc.jsonValue({ maxDepth: 1 }));
    // A use of another type is another use: see above.
    for (const { path, shorthand } of found.filter((one) => one.shorthand !== "type")) {
      const at = (value: unknown) => path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
      fc.assert(
        fc.property(
          kept,
          fc.constantFrom("a", ["b"], 3),
          fc.constantFrom("a", ["c"]),
          (rest, over, under) => {
            expect(layer(at({ ...rest, [shorthand]: under }), at(over), environmentOptions)).toEqual(
              at({ ...rest, [shorthand]: over }),
            );
            expect(layer(at(under), at(rest), environmentOptions)).toEqual(
              at({ [shorthand]: under, ...rest }),
            );
            expect(layer(at({ ...rest, [shorthand]: under }), at(true), environmentOptions)).toEqual(
              at({ ...rest, [shorthand]: under }),
            );
            expect(layer(at(under), at(false), environmentOptions)).toEqual(at(false));
          },
        ),
      );
    }
  });
});

/** Everything within a schema that a scalar or a list may stand for. */
function shorthands(schema: z.core.$ZodType, path: string[] = []): { path: string[]; shorthand: string }[] {
  const bare = unwrapped(schema);
  if (bare instanceof z.ZodRecord) return shorthands(bare.def.valueType, [...path, "*"]);
  const form = formOf(bare);
  const objects = bare instanceof z.ZodObject ? [bare] : (form?.options ?? []);
  return [
    ...(form?.shorthand === undefined ? [] : [{ path, shorthand: form.shorthand }]),
    ...objects.flatMap(({ shape }) =>
      Object.entries(shape).flatMap(([key, inner]) => shorthands(inner, [...path, key])),
    ),
  ];
}

describe("short forms", () => {
  const shorts: readonly [string, EnvironmentProps, EnvironmentProps][] = [
    ["a network's CIDR", but({ network: "10.9.0.0/16" }), but({ network: { cidr: "10.9.0.0/16" } })],
    [
      "a database's class",
      but({ database: "db.t4g.small" }),
      but({ database: { instanceClass: "db.t4g.small" } }),
    ],
    ["a repository", but({ registry: "app" }), but({ registry: { repository: "app", create: false } })],
    ["a health path", butWeb({ health: "/up" }), butWeb({ health: { path: "/up" } })],
    ["a database's URLs", butWeb({ database: ["DSN"] }), butWeb({ database: { urls: ["DSN"] } })],
    [
      "migrations",
      butWeb({ migrations: true }),
      butWeb({ migrations: { command: ["goose", "-dir", "migrations", "up"] } }),
    ],
    [
      "a migration's command",
      butWeb({ migrations: ["rake"] }),
      butWeb({ migrations: { command: ["rake"] } }),
    ],
    ["WAF", but({ distribution: { waf: true } }), but({ distribution: { waf: { rateLimit: 2000 } } })],
    [
      "access logs",
      but({ distribution: { accessLogs: true } }),
      but({ distribution: { accessLogs: { days: 90 } } }),
    ],
    ["a bastion", but({ bastion: true }), but({ bastion: { ssh: false } })],
    ["zones", but({ network: { zones: 2 } }), but({ network: { zones: ["us-west-2a", "us-west-2b"] } })],
  ];

  test.each(shorts)("stand for the long: %s", (_, short, long) => {
    expect(configurationOf(short)).toEqual(configurationOf(long));
  });

  test("true is offered where every option has a default, and nowhere else", () => {
    const offered = [but({ distribution: { waf: true, accessLogs: true }, bastion: true, database: true })];
    const refused = [
      // @ts-expect-error names and zone have no default
      but({ distribution: { domain: true } }),
      // @ts-expect-error max has none
      butWeb({ autoscaling: true }),
      // @ts-expect-error cidrs and publicKey have none
      but({ bastion: { ssh: true } }),
      // @ts-expect-error repository has none
      but({ registry: true }),
    ];
    expect(offered.flatMap((props) => resolve(props, "staging").mistakes)).toEqual([]);
    for (const props of refused) expect(resolve(props, "staging").mistakes).not.toEqual([]);
  });

  test("false leaves out the parts that may be left out", () => {
    const props = but({
      bastion: false,
      database: false,
      distribution: false,
      services: { job: { migrations: false } },
    });
    const { bastion, database, distribution, services } = configurationOf(props);
    expect([bastion, database, distribution]).toEqual([false, false, false]);
    expect(services[0]).toMatchObject({ database: false, migrations: false, autoscaling: false });
  });

  test("false is no network, no cluster, no registry", () => {
    for (const part of ["network", "cluster", "registry"]) {
      const { mistakes } = resolve({ ...least, [part]: false } as unknown as EnvironmentProps, "staging");
      expect(mistakes.map(({ path }) => path)).toContain(`staging.${part}`);
    }
  });
});

describe("layer", () => {
  const data = fc.jsonValue({ maxDepth: 3 });
  const record = fc.dictionary(fc.string(), data);

  test("changes neither of what it lays together, frozen or not", () => {
    fc.assert(
      fc.property(record, record, (under, over) => {
        const before = json([under, over]);
        layer(freeze(structuredClone(under)), freeze(structuredClone(over)));
        layer(under, over);
        expect(json([under, over])).toEqual(before);
      }),
    );
  });

  test("keeps what lies over, adds what only lies under, and replaces lists", () => {
    expect(layer({ a: 1, b: { c: [1, 2], d: 3 } }, { b: { c: [9] }, e: 4 })).toEqual({
      a: 1,
      b: { c: [9], d: 3 },
      e: 4,
    });
    expect(layer({ a: 1 }, undefined)).toEqual({ a: 1 });
    expect(layer({ a: 1 }, false)).toBe(false);
    expect(layer(undefined, { a: 1 })).toEqual({ a: 1 });
    expect(layer({ a: 1 }, { a: undefined })).toEqual({ a: 1 });
  });

  test("with nothing over or under it is the same", () => {
    fc.assert(
      fc.property(record, (value) => {
        expect(layer(value, {})).toEqual(value);
        expect(layer({}, value)).toEqual(value);
        expect(layer(value, value)).toEqual(value);
      }),
    );
  });
});

test("freeze reaches every leaf, and changes no value", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const frozen = freeze(structuredClone(value));
      expect(unfrozen(frozen)).toEqual([]);
      expect(frozen).toEqual(value);
    }),
  );
});
