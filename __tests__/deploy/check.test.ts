import { beforeAll, expect, test, vi } from "vitest";
import { leaves } from "../../deploy/check";
import type { Check } from "../../deploy/events";
import { contract as sample, serviceContract } from "./support/contract";
import { deny, type Outcome, World } from "./support/world";
import { Refusal } from "./support/wire";

// No environment's file lies beside this process: where the package is built, Node could read the one here.
beforeAll(() => {
  vi.spyOn(process, "cwd").mockReturnValue("/");
});

function treeOf({ events }: Outcome): Check[] {
  const event = events.find(({ type }) => type === "checks");
  return event?.type === "checks" ? event.checks : [];
}

/** The one check that failed, as `name: detail`. */
const failed = (outcome: Outcome) =>
  leaves(treeOf(outcome), "failed").map(({ name, detail }) => `${name}: ${detail}`);

/** A world with something wrong in it, checked with `v2`. */
async function checked(wrong: (world: World) => void, contract = sample()): Promise<Outcome> {
  const world = await World.open(contract);
  wrong(world);
  const outcome = await world.check("v2");
  const changes = ["PutImage", "RunTask", "UpdateService", "StopTask"].flatMap((name) => world.made(name));
  expect(changes).toEqual([]);
  return outcome;
}

test("a sound environment passes every check", async () => {
  const outcome = await checked(() => {});
  expect(outcome.exitCode).toBe(0);
  expect(leaves(treeOf(outcome), "warning")).toEqual([]);
});

test.each<[string, (world: World) => void, RegExp]>([
  [
    "another account",
    (world) => {
      world.account = "999999999999";
    },
    /^account: .*999999999999.*AWS_PROFILE/,
  ],
  [
    "another region",
    () => {
      process.env.AWS_REGION = "us-east-1";
    },
    /^region: .*us-east-1.*set AWS_REGION=us-west-2/,
  ],
  [
    "no cluster",
    (world) => {
      world.ecs.cluster = { status: "INACTIVE" };
    },
    /^state: cluster staging is INACTIVE/,
  ],
  [
    "no capacity provider",
    (world) => {
      world.ecs.cluster = { status: "ACTIVE", capacityProviders: [] };
    },
    /^capacity: .*staging-spot/,
  ],
  [
    "no service",
    (world) => {
      world.ecs.services.clear();
    },
    /^service web: staging-web is not there/,
  ],
  [
    "a service that drains",
    (world) => {
      world.ecs.service("staging-web").status = "DRAINING";
    },
    /^service web: .*DRAINING/,
  ],
  [
    "another controller",
    (world) => {
      world.ecs.service("staging-web").controller = "CODE_DEPLOY";
    },
    /^controller: .*CODE_DEPLOY/,
  ],
  [
    "no such image",
    (world) => {
      world.registry.tags.delete("v2");
    },
    /^image: .*no image v2/,
  ],
  [
    "the wrong architecture",
    (world) => {
      world.registry.push("v2", "two", "arm64");
    },
    /^platform of web: linux\/amd64 is needed.*linux\/arm64.*--platform linux\/amd64/,
  ],
  [
    "a placeholder that an older Slipway made",
    (world) => {
      world.parameters.set("/staging/service/postgres-url", {
        value: "x",
        version: 1,
        description: "POSTGRES_URL of web, written by hand",
      });
    },
    /^POSTGRES_URL of web: .*still the placeholder: npx slipway secret set staging POSTGRES_URL --service web/,
  ],
  [
    "a missing secret",
    (world) => {
      world.parameters.delete("/staging/service/postgres-url");
    },
    /^POSTGRES_URL of web: .* is not set: npx slipway secret set staging POSTGRES_URL --service web/,
  ],
  [
    "no permission",
    (world) => {
      world.faults.push(deny("DescribeClusters"));
    },
    /ecs:DescribeClusters: AccessDeniedException.*policy/,
  ],
])("%s is one failed check that says what to do", async (_, wrong, said) => {
  const outcome = await checked(wrong);
  expect(outcome.exitCode).toBe(1);
  expect(failed(outcome)[0]).toMatch(said);
  expect(outcome.result.wayOut[0]).toMatch(said);
});

test.each<[string, (world: World) => void, RegExp]>([
  [
    "desired count 0",
    (world) => {
      world.ecs.service("staging-web").desired = 0;
    },
    /nothing will run/,
  ],
  [
    "no machine up",
    (world) => {
      world.ecs.cluster.registeredContainerInstancesCount = 0;
    },
    /waits until the group has scaled out/,
  ],
  [
    "a registry that does not show the platform",
    (world) => {
      world.faults.push(deny("GetDownloadUrlForLayer"));
    },
    /unproved/,
  ],
])("%s is a warning", async (_, wrong, said) => {
  const outcome = await checked(wrong);
  expect(outcome.exitCode).toBe(0);
  expect(
    leaves(treeOf(outcome), "warning")
      .map(({ detail }) => detail)
      .join(),
  ).toMatch(said);
});

test("every mistake is told in one go", async () => {
  const outcome = await checked((world) => {
    world.registry.tags.delete("v2");
    world.parameters.delete("/staging/service/postgres-url");
    world.account = "999999999999";
  });
  expect(failed(outcome)).toHaveLength(3);
});

test("without an image, check looks at what is there", async () => {
  const world = await World.open();
  const { exitCode } = await world.check();
  expect(exitCode).toBe(0);
});

test("before the first deployment, check without an image warns that nothing was deployed", async () => {
  const world = await World.open(sample(), { fresh: true });
  const { exitCode, printed } = await world.check();
  expect(exitCode).toBe(0);
  expect(printed).toContain("nothing was deployed here yet");
});

test("one of two services that share a tag cannot be deployed alone", async () => {
  const contract = sample();
  contract.services.push(serviceContract("worker"));
  const world = await World.open(contract);
  const { exitCode, result } = await world.deploy("v2", { service: ["web"] });
  expect(exitCode).toBe(1);
  expect(result.wayOut.join()).toContain("worker runs the same tag: deploy worker too");
});

test("services with repositories of their own are deployed alone, and in the contract's order", async () => {
  const contract = sample();
  const image = { repository: "jobs", tag: "staging", candidateTag: "staging-candidate" };
  contract.services.push(serviceContract("jobs", { image }));
  const world = await World.open(contract);
  expect((await world.deploy("v2", { service: ["jobs"] })).exitCode).toBe(0);
  expect(world.made("UpdateService").map(({ input }) => input.service)).toEqual(["staging-jobs"]);
});

test("an unknown service is refused with those that there are", async () => {
  const world = await World.open();
  const { exitCode, result } = await world.deploy("v2", { service: ["wbe"] });
  expect(exitCode).toBe(1);
  expect([result.text, ...result.wayOut].join(" ")).toMatch(/staging has no service wbe\. It has: web/);
});

test.each(["shop:", "sha256:abc", "", "-v2", "123456789012.dkr.ecr.us-west-2.amazonaws.com/shop:v2"])(
  "--image %j is refused before any call that needs it",
  async (image) => {
    const world = await World.open();
    const { exitCode, result } = await world.deploy(image);
    expect(exitCode).toBe(1);
    expect(result.text).toContain("neither a tag nor a digest");
  },
);

test("--dry-run checks, prints the plan and changes nothing", async () => {
  const world = await World.open();
  const { exitCode, events } = await world.deploy("v2", { dryRun: true });
  expect(exitCode).toBe(0);
  expect(events.find(({ type }) => type === "plan")).toMatchObject({
    steps: [
      expect.stringMatching(/^migrate: run `goose -dir migrations up` in sha256:\w{12} for web$/),
      expect.stringMatching(/^promote: move shop:staging from sha256:\w{12} to sha256:\w{12}$/),
      "roll out web: force a deployment of staging-web, prove the image",
    ],
  });
  for (const name of ["PutImage", "RunTask", "UpdateService"]) expect(world.made(name)).toEqual([]);
});

test("a missing contract says what to apply, and that the region may be wrong", async () => {
  const world = await World.open();
  world.parameters.delete("/staging/deploy");
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(1);
  expect([result.text, ...result.wayOut].join("\n")).toMatch(
    /\/staging\/deploy does not exist in us-west-2[\s\S]*npx slipway apply staging[\s\S]*AWS_REGION/,
  );
});

test("a contract of another version or environment is refused", async () => {
  const world = await World.open();
  world.parameters.set("/staging/deploy", { value: JSON.stringify({ version: 0 }), version: 1 });
  expect((await world.deploy()).result.text).toMatch(/version 0; this deploy reads version 1/);
  world.parameters.set("/staging/deploy", {
    value: JSON.stringify(sample({ environment: "prod" })),
    version: 1,
  });
  expect((await world.deploy()).result.text).toContain("is the contract of prod, not of staging");
});

test("expired credentials are named as such", async () => {
  const world = await World.open();
  world.faults.push(() => {
    throw new Refusal("ExpiredTokenException", "The security token included in the request is expired");
  });
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(1);
  expect(result.text).toMatch(/ExpiredTokenException.*Sign in again/);
});

test("credentials that expire midway: the outcome is unknown, and the task is named", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ running: 600_000 });
  world.faults.push(() => {
    if (world.clock.elapsed() > 60_000) throw new Refusal("ExpiredTokenException", "expired");
  });
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(4);
  expect(result.wayOut.join()).toContain("It may still be at work: arn:");
});

test.each([
  ["RunTask", 2],
  ["PutImage", 1],
  ["UpdateService", 3],
  ["GetLogEvents", 0],
  ["ListServiceDeployments", 0],
])("no permission for %s ends with exit code %d and names it", async (name, expected) => {
  const world = await World.open();
  world.faults.push(deny(name));
  const { exitCode, printed } = await world.deploy();
  expect(exitCode).toBe(expected);
  if (name !== "ListServiceDeployments") expect(printed).toContain(`${name}: AccessDeniedException`);
  expect(world.digest("staging")).toBe(world.digest(expected === 0 ? "v2" : "v1"));
});

const dns = ["app.example.com", "www.example.com"].map((name) => ({
  name,
  type: "CNAME" as const,
  value: "d111111abcdef8.cloudfront.net",
}));

test("records that a person makes have a line each: what is missing is a warning, with the record", async () => {
  const asked: string[] = [];
  const outcome = await checked((world) => {
    world.find = async (record) => {
      asked.push(record.name);
      const there = record.name === "app.example.com";
      return { record, state: there ? "there" : "missing", said: there ? "is there" : "ns1 has no record" };
    };
  }, sample({ dns }));
  expect(outcome.exitCode).toBe(0);
  expect(asked).toEqual(["app.example.com", "www.example.com"]);
  const [branch] = treeOf(outcome).filter(({ name }) => name === "DNS");
  expect(branch?.children.map(({ name, status, detail }) => [name, status, detail])).toEqual([
    ["app.example.com", "ok", "is there"],
    [
      "www.example.com",
      "warning",
      "ns1 has no record: www.example.com CNAME d111111abcdef8.cloudfront.net is to be there",
    ],
  ]);
});

test("no name server is asked where AWS is stood in for, or the environment makes its records itself", async () => {
  for (const contract of [sample({ dns }), sample()]) {
    const outcome = await checked((world) => {
      if (contract.dns === undefined) world.find = () => Promise.reject(new Error("asked"));
    }, contract);
    expect(outcome.exitCode).toBe(0);
    expect(treeOf(outcome).filter(({ name }) => name === "DNS")).toEqual([]);
  }
});

test("a deployment asks no name server", async () => {
  const world = await World.open(sample({ dns }));
  world.find = () => Promise.reject(new Error("asked"));
  expect((await world.deploy()).exitCode).toBe(0);
});

test("tasks that are to have an IPv6 address, and have none, are a warning with the account's setting", async () => {
  const [web] = sample().services;
  if (!web) throw new Error("no service");
  const contract = sample({ services: [{ ...web, ipv6: true }] });
  const lines = async (address: string | undefined) => {
    const outcome = await checked((world) => {
      world.faults.push((operation) => {
        if (operation !== "ecs:DescribeTasks") return undefined;
        const networkInterfaces = address === undefined ? [] : [{ ipv6Address: address }];
        return { tasks: [{ lastStatus: "RUNNING", containers: [{ name: "app", networkInterfaces }] }] };
      });
    }, contract);
    const all = leaves(treeOf(outcome), "ok").concat(leaves(treeOf(outcome), "warning"));
    return all.filter(({ name }) => name === "IPv6").map(({ status, detail }) => `${status}: ${detail}`);
  };
  expect(await lines("2001:db8::1")).toEqual(["ok: 1 running tasks have an address"]);
  expect(await lines(undefined)).toEqual([
    "warning: 1 of 1 running tasks have no address: aws ecs put-account-setting-default --name dualStackIPv6 --value enabled, then release",
  ]);
});
