import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type EnvironmentProps, production, small } from "../../modules/environment";
import { resolve } from "../../modules/environment/resolve";
import { freeze, layer } from "../../modules/options";
import { but, butWeb, larger, least, web } from "./support/least";

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
