import type { ResourceRecordSet } from "@aws-sdk/client-route-53";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { askRoute53, standingRecords, withImports } from "../../plan/records";
import { planOf, resource } from "./support/plans";

const folder = mkdtempSync(join(tmpdir(), "slipway-records-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ZONE = "Z2FDTNDATAQYW2";
const EDGE = "d111111abcdef8.cloudfront.net";

/** The record of a distribution, as a plan makes it. */
const made = {
  zone_id: "Z1",
  name: "app.example.com",
  type: "A",
  ttl: null,
  records: null,
  set_identifier: null,
  alias: [{ name: EDGE, zone_id: ZONE, evaluate_target_health: false }],
};
/** The same as Route 53 tells of it. */
const there: ResourceRecordSet = {
  Name: "app.example.com.",
  Type: "A",
  AliasTarget: { DNSName: `${EDGE}.`, HostedZoneId: ZONE, EvaluateTargetHealth: false },
};

const ADDRESS = "aws_route53_record.distribution_app.example.com_A";
const planning = (after: object, actions = ["create"]) => planOf([resource(ADDRESS, actions, {}, { after })]);

const imported = async (after: object, sets: readonly ResourceRecordSet[], actions?: string[]) =>
  (await standingRecords(planning(after, actions), async () => sets)).imports;

describe("a record that a plan would make", () => {
  it("is imported where it stands, exactly so", async () => {
    expect(await imported(made, [there])).toEqual([{ to: ADDRESS, id: "Z1_app.example.com_A" }]);
  });

  it("with values is, whatever their order", async () => {
    const after = { ...made, type: "TXT", ttl: 300, alias: [], records: ["one", "two"] };
    const values = [{ Value: "two" }, { Value: "one" }];
    const set = { Name: "app.example.com.", Type: "TXT", TTL: 300, ResourceRecords: values } as const;
    expect(await imported(after, [set])).toHaveLength(1);
    expect(await imported({ ...after, ttl: 60 }, [set])).toEqual([]);
    expect(await imported({ ...after, records: ["one"] }, [set])).toEqual([]);
  });

  it.each<[string, ResourceRecordSet]>([
    [
      "leads elsewhere",
      { ...there, AliasTarget: { ...there.AliasTarget, DNSName: "other.cloudfront.net." } as never },
    ],
    ["is no alias", { Name: there.Name, Type: "A", TTL: 60, ResourceRecords: [{ Value: "192.0.2.1" }] }],
    ["is one of several that Route 53 chooses among", { ...there, SetIdentifier: "blue", Weight: 1 }],
    ["is of another type", { ...there, Type: "AAAA" }],
    ["is of another name", { ...there, Name: "www.example.com." }],
  ])("stays an error of the apply where what stands there %s", async (_name, set) => {
    expect(await imported(made, [set])).toEqual([]);
  });

  it.each<[string, object, string[]]>([
    ["one that changes", made, ["update"]],
    ["one that is replaced", made, ["delete", "create"]],
    ["one whose target is not known before the apply", { ...made, alias: [{ zone_id: ZONE }] }, ["create"]],
    ["one that writes over what is there", { ...made, allow_overwrite: true }, ["create"]],
    ["one of several that Route 53 chooses among", { ...made, set_identifier: "blue" }, ["create"]],
  ])("asks nobody about %s", async (_name, after, actions) => {
    const ask = () => expect.unreachable("nobody need be asked");
    expect(await standingRecords(planning(after, actions), ask)).toEqual({ imports: [], problems: [] });
  });

  it("is warned of where nobody may ask", async () => {
    const { imports, problems } = await standingRecords(planning(made), async () => {
      throw new Error("AccessDenied");
    });
    expect(imports).toEqual([]);
    expect(problems).toEqual([
      {
        severity: "warning",
        summary: "Whether app.example.com has its A record already could not be asked",
        detail: expect.stringContaining("AccessDenied. One that is there stops the apply"),
        place: ADDRESS,
      },
    ]);
  });
});

describe("a Route 53 that is not reached", () => {
  /** Takes connections, and never answers. */
  const silent = createServer((socket) => socket.resume());
  const asked = new Set<Socket>();
  silent.on("connection", (socket) => asked.add(socket));
  beforeAll(() => new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve)));
  afterAll(() => {
    silent.close();
    vi.unstubAllEnvs();
  });

  it("is waited for so long and no longer, and the plan goes on with a warning", async () => {
    const { port } = silent.address() as AddressInfo;
    vi.stubEnv("AWS_ENDPOINT_URL", `http://127.0.0.1:${port}`);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "nobody's");
    writeFileSync(join(folder, "cdk.tf.json"), "{}");
    const { imports, problems } = await standingRecords(
      planning(made),
      askRoute53({ name: "staging", folder }),
      300,
    );
    rmSync(join(folder, "cdk.tf.json"));
    expect(imports).toEqual([]);
    expect(problems).toMatchObject([
      { severity: "warning", detail: expect.stringMatching(/^Route 53 has not answered within 0\.3 s\. /) },
    ]);
    expect(asked.size).toBe(1);
    // Nothing of it keeps the process.
    for (const socket of asked) if (!socket.closed) await new Promise((end) => socket.once("close", end));
  });

  it("nor are credentials that nobody gives", async () => {
    const { problems } = await standingRecords(planning(made), () => new Promise(() => {}), 20);
    expect(problems).toHaveLength(1);
  });
});

it("blocks stand beside the configuration for as long as it is planned, whatever becomes of that", async () => {
  const blocks = [{ to: ADDRESS, id: "Z1_app.example.com_A" }];
  const seen = await withImports({ name: "staging", folder }, blocks, async () =>
    readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), "utf8"))),
  );
  expect(seen).toEqual([{ import: blocks }]);
  await expect(
    withImports({ name: "staging", folder }, blocks, () => Promise.reject(new Error("no plan"))),
  ).rejects.toThrow("no plan");
  expect(existsSync(folder) && readdirSync(folder)).toEqual([]);
});
