import type { OperationStatus, OperationSummary, ServiceStatus } from "@aws-sdk/client-apprunner";
import * as apprunner from "@aws-sdk/client-apprunner";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  OPERATION_MEANING,
  operationVerdict,
  SERVICE_MEANING,
} from "../../deploy/app-runner/operation-verdict";
import type { Verdict } from "../../deploy/verdict";
import { type Network, reach } from "../../deploy/app-runner/reach";
import { appRunnerPolicy } from "../../modules/contract/app-runner-policy";
import {
  type AppRunnerContract,
  isAppRunner,
  parseAnyContract,
  parseReleases,
} from "../../modules/contract/app-runner";
import { ContractError, parseContract } from "../../modules/contract";

const ours = "11111111-1111-4111-a111-111111111111";
const operation = (Status: OperationStatus | undefined, Id = ours, Type = "START_DEPLOYMENT") =>
  ({ Id, Type, Status }) as OperationSummary;

const verdict = (
  operations: readonly OperationSummary[],
  Status: ServiceStatus | null = "RUNNING",
  now = 0,
): Verdict =>
  operationVerdict({
    now,
    deadline: 1_000,
    operationId: ours,
    operations,
    service: Status === null ? undefined : { Status },
  });

describe("the verdict on an operation of App Runner", () => {
  test.each<[OperationStatus, Verdict["kind"]]>([
    ["PENDING", "in progress"],
    ["IN_PROGRESS", "in progress"],
    ["SUCCEEDED", "succeeded"],
    ["FAILED", "failed"],
    ["ROLLBACK_IN_PROGRESS", "in progress"],
    ["ROLLBACK_SUCCEEDED", "rolled back"],
    ["ROLLBACK_FAILED", "failed"],
  ])("%s is %s", (status, kind) => {
    expect(verdict([operation(status)]).kind).toBe(kind);
  });

  test("knows every status that the SDK knows, of operations and of services", () => {
    expect(Object.keys(OPERATION_MEANING).sort()).toEqual(Object.values(apprunner.OperationStatus).sort());
    expect(Object.keys(SERVICE_MEANING).sort()).toEqual(Object.values(apprunner.ServiceStatus).sort());
  });

  test("is a success only while the service runs and nothing came after", () => {
    expect(verdict([operation("SUCCEEDED")], "OPERATION_IN_PROGRESS").kind).toBe("in progress");
    expect(verdict([operation("SUCCEEDED")], "PAUSED").kind).toBe("failed");
    expect(verdict([operation("SUCCEEDED")], "DELETED").kind).toBe("failed");
    expect(verdict([operation("SUCCEEDED")], null).kind).toBe("failed");
    const others = (type: string) => [operation("IN_PROGRESS", "another", type), operation("SUCCEEDED")];
    expect(verdict(others("START_DEPLOYMENT")).kind).toBe("superseded");
    expect(verdict(others("UPDATE_SERVICE")).kind).toBe("superseded");
    expect(verdict([operation("SUCCEEDED"), operation("SUCCEEDED", "older")]).kind).toBe("succeeded");
  });

  test("is unknown when the time is up, but where a failure was seen", () => {
    expect(verdict([operation("IN_PROGRESS")], "RUNNING", 1_000).kind).toBe("unknown");
    expect(verdict([], "RUNNING", 1_000).kind).toBe("unknown");
    expect(verdict([operation("ROLLBACK_IN_PROGRESS")], "RUNNING", 1_000).kind).toBe("failed");
  });

  test("is never a success without SUCCEEDED of ours, whatever App Runner answers", () => {
    const status = fc.constantFrom(...Object.values(apprunner.OperationStatus), undefined, "NEWER" as never);
    const any = fc
      .record({ Id: fc.constantFrom(ours, "a", "b"), Status: status })
      .map(({ Id, Status }) => operation(Status, Id));
    const service = fc.constantFrom(...Object.values(apprunner.ServiceStatus), null);
    fc.assert(
      fc.property(fc.array(any, { maxLength: 4 }), service, fc.integer({ max: 2_000 }), (list, one, now) => {
        const { kind } = verdict(list, one, now);
        const succeeded = list.find(({ Id }) => Id === ours)?.Status === "SUCCEEDED" && one === "RUNNING";
        expect(kind === "succeeded" && !succeeded).toBe(false);
        if (now >= 1_000) expect(kind).not.toBe("in progress");
      }),
    );
  });
});

describe("the URL of a database, from where deploy runs", () => {
  const network = (families: readonly number[], refusal?: string): Network => ({
    families: async () => families,
    refusal: async () => refusal,
  });
  const url = "postgres://app:hunter2@db.example.com:5432/app";

  test("answers", async () => {
    expect(await reach(url, network([4]))).toEqual({ kind: "answers", host: "db.example.com", port: 5432 });
    expect(await reach("postgresql://app@[::1]/app", network([6]))).toMatchObject({
      host: "::1",
      port: 5432,
    });
  });

  test.each([
    [url, network([6], "ENETUNREACH"), /IPv6 alone.*ENETUNREACH.*session pooler/],
    [url, network([6, 4], "ETIMEDOUT"), /does not answer from here \(ETIMEDOUT\)/],
    [url, network([]), /db\.example\.com has no address/],
    [url.replace("5432", "6543"), network([4]), /transaction pooler.*session pooler/],
    [`${url}?pgbouncer=true`, network([4]), /transaction pooler/],
    ["hunter2", network([4]), /no URL of a Postgres/],
    ["https://app:hunter2@db.example.com", network([4]), /no URL of a Postgres/],
  ])("%s: says why not, and no password", async (text, from, why) => {
    const reached = await reach(text, from);
    expect(reached).toMatchObject({ why: expect.stringMatching(why) });
    expect(JSON.stringify(reached)).not.toContain("hunter2");
  });
});

const contract: AppRunnerContract = {
  version: 1,
  platform: "app-runner",
  environment: "growth",
  account: "123456789012",
  region: "us-west-2",
  tags: {},
  url: null,
  services: [
    {
      name: "web",
      service: "growth-web",
      arn: "",
      platform: "linux/amd64",
      image: { repository: "app", tag: "growth", candidateTag: "growth-candidate" },
      secrets: {},
      secretFolder: "/growth/service/web/",
      released: "/growth/app-runner/web",
      migration: null,
    },
  ],
};

describe("the contract of an environment on App Runner", () => {
  test("is read as what it is, and by nothing that knows tasks alone", () => {
    const text = JSON.stringify(contract);
    const read = parseAnyContract(text, "a test");
    expect(read).toEqual(contract);
    expect(isAppRunner(read)).toBe(true);
    expect(() => parseContract(text, "a test")).toThrow(ContractError);
  });

  test("has no mistakes that are passed over", () => {
    const broken = { ...contract, services: [{ ...contract.services[0], arn: "rm -rf" }] };
    expect(() => parseAnyContract(JSON.stringify(broken), "a test")).toThrow(/services\.0\.arn/);
    expect(() => parseAnyContract(JSON.stringify({ ...contract, version: 2 }), "a test")).toThrow(
      /version 2/,
    );
  });

  test("asks for no secret's value where nothing migrates, and for one alone where something does, and a login to pull its image", () => {
    const migration = { command: ["up"], url: "/growth/database/url", urls: ["DATABASE_URL"], config: {} };
    const services = contract.services.map((service) => ({ ...service, migration }));
    const reads = (one: AppRunnerContract) =>
      appRunnerPolicy(one).Statement.find(({ Sid }) => Sid === "ReadDatabaseUrl")?.Resource;
    expect(reads(contract)).toBeUndefined();
    expect(reads({ ...contract, services })).toEqual([
      "arn:aws:ssm:us-west-2:123456789012:parameter/growth/database/url",
    ]);
    const wild = (one: AppRunnerContract) =>
      appRunnerPolicy(one).Statement.filter(({ Resource }) => Resource.includes("*"));
    expect(wild(contract)).toEqual([]);
    expect(wild({ ...contract, services }).flatMap(({ Action }) => Action)).toEqual([
      "ecr:GetAuthorizationToken",
    ]);
  });

  test("tells releases only as deploy wrote them", () => {
    const released = [{ digest: "sha256:aa", operation: null, at: "2026-11-22T00:00:00.000Z" }];
    expect(parseReleases(JSON.stringify({ version: 1, released }))).toEqual({ version: 1, released });
    for (const text of ["", "{", '{"version":2,"released":[]}', '{"version":1,"released":[{"digest":1}]}'])
      expect(parseReleases(text)).toBeUndefined();
  });
});
