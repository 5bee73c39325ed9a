import { DbSubnetGroup } from "@cdktf/provider-aws/lib/db-subnet-group";
import { Subnet } from "@cdktf/provider-aws/lib/subnet";
import { Vpc } from "@cdktf/provider-aws/lib/vpc";
import { App, Testing } from "cdktf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Database } from "../../modules/database/database";
import { databaseOptions } from "../../modules/database/props";
import type { DatabaseConfiguration } from "../../modules/database/props";
import type { Network } from "../../modules/network/network";
import { SlipwayStack } from "../../modules/stack";
import { parsePlan } from "../../plan/plan-json";
import { summarize } from "../../plan/summary";
import { type Break, BreakingStack } from "./support/breaking";
import { succeed } from "./support/in-process";

const PARAMETER = "aws_ssm_parameter";
const INSTANCE = "aws_db_instance";

/** A database and what it stands in, as Terraform reads it. */
function configuration(options: Partial<DatabaseConfiguration> = {}) {
  const stack = new SlipwayStack(new App(), "staging", { project: "app", region: "eu-west-1" });
  const vpc = new Vpc(stack, "vpc", { cidrBlock: "10.0.0.0/16" });
  const subnets = ["a", "b"].map(
    (zone, at) =>
      new Subnet(stack, `subnet_${zone}`, {
        vpcId: vpc.id,
        cidrBlock: `10.0.${at}.0/24`,
        availabilityZone: `eu-west-1${zone}`,
      }),
  );
  const databaseSubnetGroup = new DbSubnetGroup(stack, "subnets", {
    name: "staging",
    subnetIds: subnets.map(({ id }) => id),
  });
  new Database(stack, "database", {
    name: "staging",
    network: { vpc, databaseSubnetGroup } as unknown as Network,
    key: undefined,
    database: databaseOptions.parse({ deletionProtection: false, ...options }),
  });
  return JSON.parse(Testing.synth(stack, true));
}

/** What the instance and its parameters hold, told apart by their passwords alone. */
function passwords({ world }: BreakingStack, version: number) {
  const secrets = world.list({ type: PARAMETER });
  const named = (start: string) => {
    const found = secrets.filter(({ id }) => id.startsWith(`/staging/database/${version}/${start}`));
    const [secret] = found;
    return found.length === 1 && secret ? world.reveal(secret, "value_wo") : undefined;
  };
  const [instance] = world.list({ type: INSTANCE });
  return {
    instance: instance && world.reveal(instance, "password_wo"),
    parameter: named("password"),
    url: named("url")?.match(/^postgres:\/\/app:(\w+)@staging\.[\w.-]+:5432\/app\?sslmode=\w/)?.[1],
  };
}

function expectAgreement(stack: BreakingStack, version: number) {
  const { instance, parameter, url } = passwords(stack, version);
  expect(parameter).toMatch(/^\w{32}$/);
  expect([instance === parameter, url === parameter]).toEqual([true, true]);
}

/** A change that is to fail. */
type Change = Omit<Break, "how">;
const password: Change = { type: PARAMETER, id: "/staging/database/1/password" };
const url: Change = { type: PARAMETER, id: "/staging/database/1/url" };
const instance: Change = { type: INSTANCE, id: "db-" };
const next = ({ type, id }: Change): Change => ({ type, id: id.replace("/1/", "/2/") });
const each = (...changes: readonly Change[]) =>
  (["refused", "answer lost", "Terraform killed"] as const).flatMap((how) =>
    changes.map((change): Break => ({ ...change, how })),
  );

const stacks: BreakingStack[] = [];
const begin = (from?: BreakingStack) => {
  const stack = from?.copy() ?? new BreakingStack();
  stacks.push(stack);
  return stack;
};
afterAll(() => Promise.all(stacks.map((stack) => stack.remove())));

/** What the apply of a rotation tells to replace, when it failed at the instance. */
async function repairOf(rotation: BreakingStack): Promise<string> {
  const summary = summarize(parsePlan((await succeed(rotation.run("show", "-json", "rotation"))).output));
  const [instance] = summary.resources.filter(({ type }) => type === INSTANCE);
  expect(instance?.secrets).toEqual([{ argument: "password_wo", follows: expect.any(String) }]);
  return instance?.secrets?.[0]?.follows ?? "";
}

describe("the first apply", () => {
  /** All but what a password goes through. */
  const surroundings = begin();
  beforeAll(async () => {
    const { resource, ephemeral: _, ...rest } = configuration();
    const { [PARAMETER]: _parameters, [INSTANCE]: _instance, terraform_data: _data, ...others } = resource;
    surroundings.configure({ ...rest, resource: others });
    await succeed(surroundings.apply());
  });

  describe.concurrent("that fails is mended by the next one", () => {
    it.for([...each(password, url), { ...instance, how: "refused" } satisfies Break])(
      "$how: $id",
      async (failing) => {
        const stack = begin(surroundings);
        stack.configure(configuration());
        await stack.applyBreaking(failing);
        await succeed(stack.apply());
        expectAgreement(stack, 1);
      },
    );
  });

  it.concurrent.for(["answer lost", "Terraform killed"] as const)(
    "%s: an instance that the state does not know is imported, and gets the password that is stored",
    async (how) => {
      const stack = begin(surroundings);
      stack.configure(configuration());
      await stack.applyBreaking({ ...instance, how });
      expect((await stack.apply()).output).toContain("DBInstanceAlreadyExists");
      await succeed(stack.run("import", "aws_db_instance.database_instance", "staging"));
      await succeed(stack.apply());
      expectAgreement(stack, 1);
    },
  );
});

describe("a database that was applied", () => {
  const applied = begin();
  let repair = "";
  beforeAll(async () => {
    applied.configure(configuration());
    await succeed(applied.apply());
    expectAgreement(applied, 1);
    const rotation = begin(applied);
    rotation.configure(configuration({ passwordVersion: 2 }));
    await succeed(rotation.run("plan", "-out=rotation"));
    repair = await repairOf(rotation);
  });

  it.concurrent("plans no change", async () => {
    const stack = begin(applied);
    stack.configure(configuration());
    expect((await succeed(stack.run("plan"))).output).toContain("No changes.");
  });

  it.concurrent.for(each(next(password), next(url)))(
    "a rotation that fails is mended by the next apply. $how: $id",
    async (failing) => {
      const stack = begin(applied);
      stack.configure(configuration({ passwordVersion: 2 }));
      await stack.applyBreaking(failing);
      // What still runs finds what it was started with.
      expect(passwords(stack, 1).parameter).toBe(passwords(applied, 1).parameter);
      expect(passwords(stack, 1).url).toBe(passwords(applied, 1).url);
      await succeed(stack.apply());
      expectAgreement(stack, 2);
    },
  );

  it.concurrent.for(each(instance))(
    "a rotation that fails at the instance is mended by its repair. $how",
    async (failing) => {
      const stack = begin(applied);
      stack.configure(configuration({ passwordVersion: 2 }));
      await stack.applyBreaking(failing);
      await succeed(stack.apply(`-replace=${repair}`));
      expectAgreement(stack, 2);
      expect(passwords(stack, 2).instance).not.toBe(passwords(applied, 1).instance);
    },
  );

  it.concurrent("a refused password is in the state as if it were written: the next plan does not show it", async () => {
    const stack = begin(applied);
    stack.configure(configuration({ passwordVersion: 2 }));
    await stack.applyBreaking({ ...instance, how: "refused" });
    // The URL was not reached. After it nothing is left to do, and yet the instance has the old password.
    await succeed(stack.apply());
    expect((await succeed(stack.run("plan"))).output).toContain("No changes.");
    expect(passwords(stack, 2).instance).toBe(passwords(applied, 1).instance);
    expect(passwords(stack, 2).url).toBe(passwords(stack, 2).parameter);
  });

  it.concurrent("and is rotated again: the secrets of two versions before go", async () => {
    const stack = begin(applied);
    for (const passwordVersion of [2, 3]) {
      stack.configure(configuration({ passwordVersion }));
      await succeed(stack.apply());
      expectAgreement(stack, passwordVersion);
    }
    expect(passwords(stack, 2).parameter).toBe(passwords(stack, 2).url);
    expect(passwords(stack, 1)).toMatchObject({ parameter: undefined, url: undefined });
  });

  it.concurrent.for(each(url))(
    "other URL parameters leave its password alone, when the write fails, too. $how",
    async (failing) => {
      const stack = begin(applied);
      stack.configure(configuration({ urlParameters: { sslmode: "verify-full" } }));
      await stack.applyBreaking(failing);
      await succeed(stack.apply());
      expectAgreement(stack, 1);
      expect(passwords(stack, 1).instance).toBe(passwords(applied, 1).instance);
    },
  );

  it.concurrent.for([
    ["password", false],
    ["url", true],
  ] as const)("its %s, deleted by hand, is written again", async ([secret, same]) => {
    const stack = begin(applied);
    stack.configure(configuration());
    await stack.world.change((world) => {
      const [gone] = world.list({ type: PARAMETER }).filter(({ id }) => id.includes(`/1/${secret}`));
      if (gone) world.remove(gone);
    });
    await succeed(stack.apply());
    expectAgreement(stack, 1);
    expect(passwords(stack, 1).instance === passwords(applied, 1).instance).toBe(same);
  });

  it.concurrent("is made again with the password that is stored", async () => {
    const stack = begin(applied);
    stack.configure(configuration({ username: "owner" }));
    await succeed(stack.apply());
    const [instance] = stack.world.list({ type: INSTANCE });
    expect(instance && stack.world.reveal(instance, "password_wo")).toBe(passwords(applied, 1).parameter);
    const [url] = stack.world.list({ type: PARAMETER }).filter(({ id }) => id.includes("/url"));
    expect(url && stack.world.reveal(url, "value_wo")).toContain("postgres://owner:");
  });
});
