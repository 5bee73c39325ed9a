import "@aws-sdk/signature-v4a";
import { mkdtempSync, readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AssociateAliasCommand,
  CloudFrontClient,
  GetDistributionCommand,
  ListConflictingAliasesCommand,
} from "@aws-sdk/client-cloudfront";
import { CloudWatchClient, GetMetricDataCommand, type MetricDataQuery } from "@aws-sdk/client-cloudwatch";
import {
  CloudFrontKeyValueStoreClient,
  DeleteKeyCommand,
  DescribeKeyValueStoreCommand,
  GetKeyCommand,
  ListKeysCommand,
  PutKeyCommand,
  UpdateKeysCommand,
} from "@aws-sdk/client-cloudfront-keyvaluestore";
import {
  type Change,
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from "@aws-sdk/client-route-53";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { makeClients } from "../../deploy/aws/clients";
import { frontFunction } from "../../modules/move/front";
import { Sandbox } from "../../sandbox/api/sandbox";
import { startAccount } from "../../sandbox/aws/account";
import { isolatedEnvironment } from "../../sandbox/command/isolation";
import { EdgeServer, SNI, VIEWER } from "../../sandbox/edge/server";
import { ManualClock } from "../../sandbox/engine/clock";
import { type Attributes, GLOBAL, World } from "../../sandbox/world";

const OLD = "abc.us-west-2.awsapprunner.com";
const LB = "internal-staging.us-west-2.elb.amazonaws.com";
const BALANCER = "app/staging/50dc6c495c0c9188";
const EDGE = "d111111abcdef8.cloudfront.net";
const APP = "app.example.com";
const STORE = "arn:aws:cloudfront::123456789012:key-value-store/0a1b2c3d-0000-4000-8000-000000000000";
const FUNCTION = "arn:aws:cloudfront::123456789012:function/staging-move";
const CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d";

const behavior = {
  target_origin_id: "old",
  allowed_methods: ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
  viewer_protocol_policy: "redirect-to-https",
  // All of the viewer's headers, Host among them.
  origin_request_policy_id: "33f36d7e-f396-46d9-90e0-52428a34d9dc",
  function_association: ["viewer-request", "viewer-response"].map((event_type) => ({
    event_type,
    function_arn: FUNCTION,
  })),
};

function distribution(id: string, domain_name: string, aliases: string[]): [string, Attributes] {
  return [
    id,
    {
      arn: `arn:aws:cloudfront::123456789012:distribution/${id}`,
      domain_name,
      aliases,
      enabled: true,
      etag: "E1",
      comment: "staging",
      last_modified_time: "2026-01-01T00:00:00Z",
      viewer_certificate: [{ acm_certificate_arn: CERTIFICATE }],
      origin: [
        { origin_id: "load-balancer", domain_name: LB, vpc_origin_config: [{ origin_read_timeout: 60 }] },
        { origin_id: "old", domain_name: OLD, custom_origin_config: [{ origin_read_timeout: 60 }] },
      ],
      default_cache_behavior: [behavior],
    },
  ];
}

/** A stand-in for whoever answers behind the edge: it knows its own names alone, and tells what it was asked. */
function standIn(side: string, names: readonly string[]): Server {
  return createServer(async (asked, response) => {
    const { host = "", [SNI]: sni } = asked.headers;
    let body = "";
    for await (const part of asked) body += part;
    const status = !names.includes(host) ? 404 : asked.url === "/broken" ? 500 : 200;
    response.writeHead(status, { "content-type": "application/json", "set-cookie": [`who=${side}; Path=/`] });
    response.end(
      JSON.stringify({ side, host, sni, url: asked.url, method: asked.method, body, headers: asked.headers }),
    );
  });
}

interface Said {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly told: {
    side: string;
    host: string;
    sni: string;
    url: string;
    body: string;
    headers: IncomingHttpHeaders;
  };
}

const clock = new ManualClock();
const world = new World(mkdtempSync(join(tmpdir(), "slipway-edge-")), startAccount);
const origins: Record<string, Server> = { [OLD]: standIn("old", [OLD, APP]), [LB]: standIn("new", [APP]) };
let sandbox: Sandbox<ManualClock>;
let edge: EdgeServer;
let zone = "";
let route53: Route53Client;
let cloudfront: CloudFrontClient;
let store: CloudFrontKeyValueStoreClient;

const portOf = (host: string) => {
  const address = origins[host]?.address() as AddressInfo | null | undefined;
  return address?.port;
};

beforeAll(async () => {
  for (const server of Object.values(origins))
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await world.change(() => {
    const put = (type: string, id: string, attributes: Attributes) =>
      world.put({ type, region: GLOBAL, id, attributes: { ...attributes, id }, origin: "terraform" });
    put("aws_cloudfront_distribution", ...distribution("E111", EDGE, [APP]));
    put("aws_cloudfront_distribution", ...distribution("E222", "d222.cloudfront.net", ["shop.example.com"]));
    world.put({
      type: "aws_lb",
      region: "us-west-2",
      id: BALANCER,
      attributes: { id: BALANCER, arn_suffix: BALANCER, dns_name: LB },
      origin: "terraform",
    });
    put("aws_cloudfront_key_value_store", "staging-move", { arn: STORE, name: "staging-move" });
    put("aws_acm_certificate", CERTIFICATE, {
      arn: CERTIFICATE,
      domain_name: APP,
      subject_alternative_names: ["shop.example.com", "free.example.com"],
    });
    put("aws_cloudfront_function", "staging-move", {
      arn: FUNCTION,
      code: frontFunction(OLD, "load-balancer"),
      key_value_store_associations: [STORE],
    });
  });
  zone = world.find({ type: "aws_route53_zone" })?.id ?? "";
  sandbox = await Sandbox.start({ world, clock });
  edge = await EdgeServer.start({ sandbox, portOf });
  const variables = isolatedEnvironment(
    {},
    { api: sandbox, bin: "", terraform: "", world: "", reattach: "" },
  );
  for (const [name, value] of Object.entries(variables)) if (name.startsWith("AWS_")) vi.stubEnv(name, value);
  const clients = await makeClients(undefined, () => "us-west-2");
  route53 = clients.make(Route53Client);
  cloudfront = clients.make(CloudFrontClient);
  store = clients.make(CloudFrontKeyValueStoreClient);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await edge.close();
  await sandbox.close();
  for (const server of Object.values(origins)) server.close();
});

/** What a viewer is answered, by the host that it types. */
function visit(host: string, { path = "/", method = "GET", headers = {}, body = "" } = {}): Promise<Said> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { port: edge.port, host: "127.0.0.1", path, method, headers: { host, ...headers } },
      async (answer) => {
        let text = "";
        for await (const part of answer) text += part;
        const isTold = text.startsWith("{");
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          told: isTold ? JSON.parse(text) : { body: text },
        });
      },
    );
    asked.once("error", reject);
    asked.end(body);
  });
}

const refusalOf = (call: Promise<unknown>) =>
  call.then(
    () => expect.unreachable("it was taken"),
    ({ name, message }: Error) => `${name}: ${message}`,
  );

const change = (...Changes: Change[]) =>
  route53.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: zone, ChangeBatch: { Changes } }));
const cname = (Value: string, TTL = 300, Name = APP): ResourceRecordSet => ({
  Name,
  Type: "CNAME",
  TTL,
  ResourceRecords: [{ Value }],
});
const alias = (Type: "A" | "AAAA", Name = APP, DNSName = EDGE) =>
  ({
    Name,
    Type,
    AliasTarget: { HostedZoneId: "Z2FDTNDATAQYW2", DNSName, EvaluateTargetHealth: false },
  }) as const;
const setsOf = async (name: string) => {
  const list = new ListResourceRecordSetsCommand({ HostedZoneId: zone, StartRecordName: `${name}.` });
  const { ResourceRecordSets = [] } = await route53.send(list);
  return ResourceRecordSets.filter(({ Name }) => Name === `${name}.`);
};

/** Writes the store's one key, and lets the edges see it. */
async function share(value: object): Promise<void> {
  const { ETag } = await store.send(new DescribeKeyValueStoreCommand({ KvsARN: STORE }));
  await store.send(
    new PutKeyCommand({ KvsARN: STORE, Key: "move", Value: JSON.stringify(value), IfMatch: ETag }),
  );
  await sandbox.advance(3000);
}

describe("records of Route 53", () => {
  it("are changed all at once or not at all, and told as they stand", async () => {
    await change({ Action: "CREATE", ResourceRecordSet: cname(OLD) });
    expect(await setsOf(APP)).toEqual([
      { Name: `${APP}.`, Type: "CNAME", TTL: 300, ResourceRecords: [{ Value: OLD }] },
    ]);
    const half = change(
      { Action: "DELETE", ResourceRecordSet: cname(OLD) },
      {
        Action: "CREATE",
        ResourceRecordSet: {
          ...alias("A"),
          AliasTarget: { ...alias("A").AliasTarget, DNSName: "elsewhere.example.net" },
        },
      },
    );
    expect(await refusalOf(half)).toContain("the alias target name does not lie within the target zone");
    expect(await setsOf(APP)).toHaveLength(1);
    const { ChangeInfo } = await change(
      { Action: "DELETE", ResourceRecordSet: cname(OLD) },
      { Action: "UPSERT", ResourceRecordSet: alias("A") },
      { Action: "UPSERT", ResourceRecordSet: alias("AAAA") },
    );
    expect((await setsOf(APP)).map(({ Type, AliasTarget }) => [Type, AliasTarget?.DNSName])).toEqual([
      ["A", `${EDGE}.`],
      ["AAAA", `${EDGE}.`],
    ]);
    const statusOf = async () =>
      (await route53.send(new GetChangeCommand({ Id: ChangeInfo?.Id?.replace("/change/", "") }))).ChangeInfo
        ?.Status;
    expect([ChangeInfo?.Status, await statusOf()]).toEqual(["PENDING", "PENDING"]);
    await sandbox.advance(30_000);
    expect(await statusOf()).toBe("INSYNC");
    await change(
      { Action: "DELETE", ResourceRecordSet: alias("A") },
      { Action: "DELETE", ResourceRecordSet: alias("AAAA") },
    );
    expect(await setsOf(APP)).toEqual([]);
  });

  it("stand in the world as Terraform's type has them", async () => {
    await change({ Action: "UPSERT", ResourceRecordSet: alias("A", "made.example.com") });
    const [record] = world.list({ type: "aws_route53_record", where: { fqdn: "made.example.com" } });
    expect(record).toMatchObject({
      id: `${zone}_made.example.com_A`,
      origin: "person",
      attributes: {
        name: "made.example.com",
        zone_id: zone,
        alias: [{ name: EDGE, evaluate_target_health: false }],
      },
    });
  });

  it.each<[what: string, changes: Change[], said: string]>([
    [
      "a CNAME beside others",
      [{ Action: "CREATE", ResourceRecordSet: cname(OLD, 60, "made.example.com") }],
      "conflicting RRSet of type CNAME",
    ],
    [
      "what is there",
      [{ Action: "CREATE", ResourceRecordSet: alias("A", "made.example.com") }],
      "Tried to create resource record set [name='made.example.com.', type='A'] but it already exists",
    ],
    [
      "to delete what is not there",
      [{ Action: "DELETE", ResourceRecordSet: alias("AAAA", "made.example.com") }],
      "but it was not found",
    ],
    [
      "to delete what is there otherwise",
      [{ Action: "DELETE", ResourceRecordSet: alias("A", "made.example.com", "d9.cloudfront.net") }],
      "the values provided do not match the current values",
    ],
    [
      "a name outside",
      [{ Action: "CREATE", ResourceRecordSet: cname(OLD, 60, "app.example.org") }],
      "is not permitted in zone example.com.",
    ],
    [
      "a CNAME at the top",
      [{ Action: "CREATE", ResourceRecordSet: cname(OLD, 60, "example.com") }],
      "not permitted at apex",
    ],
    [
      "an address that is none",
      [
        {
          Action: "CREATE",
          ResourceRecordSet: { Name: "x.example.com", Type: "A", TTL: 60, ResourceRecords: [{ Value: OLD }] },
        },
      ],
      "ARRDATAIllegalIPv4Address",
    ],
    [
      "one record twice",
      [
        { Action: "UPSERT", ResourceRecordSet: alias("A") },
        { Action: "DELETE", ResourceRecordSet: alias("A") },
      ],
      "invalid set of changes",
    ],
    [
      "an alias with a TTL",
      [{ Action: "CREATE", ResourceRecordSet: { ...alias("A"), TTL: 60 } }],
      "Expected exactly one of",
    ],
    [
      "the zone's own servers",
      [
        {
          Action: "DELETE",
          ResourceRecordSet: { Name: "example.com", Type: "NS", TTL: 60, ResourceRecords: [{ Value: "x" }] },
        },
      ],
      "at least one NS record",
    ],
  ])("refuse %s", async (_, changes, said) => {
    expect(await refusalOf(change(...changes))).toContain(said);
  });

  it("know their zone, and no other", async () => {
    const { HostedZone } = await route53.send(new GetHostedZoneCommand({ Id: zone }));
    expect(HostedZone).toMatchObject({ Name: "example.com.", Config: { PrivateZone: false } });
    const top = await setsOf("example.com");
    expect(top.map(({ Type }) => Type)).toEqual(["NS", "SOA"]);
    expect(await refusalOf(route53.send(new GetHostedZoneCommand({ Id: "Z0" })))).toContain(
      "NoSuchHostedZone",
    );
    expect(await refusalOf(route53.send(new GetChangeCommand({ Id: "C0" })))).toContain("NoSuchChange");
  });
});

describe("a key-value store", () => {
  const etag = async () => (await store.send(new DescribeKeyValueStoreCommand({ KvsARN: STORE }))).ETag;

  it("takes a change from whoever has seen it as it is, and nobody else", async () => {
    const before = await etag();
    const put = (Value: string, IfMatch = before) =>
      store.send(new PutKeyCommand({ KvsARN: STORE, Key: "move", Value, IfMatch }));
    expect(await refusalOf(store.send(new GetKeyCommand({ KvsARN: STORE, Key: "move" })))).toContain(
      "ResourceNotFoundException",
    );
    const { ETag, ItemCount } = await put("one");
    expect([ItemCount, await etag()]).toEqual([1, ETag]);
    expect(await refusalOf(put("two"))).toBe("ValidationException: Pre-Condition failed");
    expect(await store.send(new GetKeyCommand({ KvsARN: STORE, Key: "move" }))).toMatchObject({
      Value: "one",
    });
  });

  it("changes several keys at once, or none", async () => {
    const update = async (Puts: { Key: string; Value: string }[], Deletes: { Key: string }[] = []) =>
      store.send(new UpdateKeysCommand({ KvsARN: STORE, IfMatch: await etag(), Puts, Deletes }));
    expect(await refusalOf(update([{ Key: "a", Value: "1" }], [{ Key: "none" }]))).toContain("none");
    expect(await refusalOf(update([{ Key: "a", Value: "x".repeat(1025) }]))).toContain("1024 bytes");
    expect(
      await refusalOf(update(Array.from({ length: 51 }, (_, index) => ({ Key: `k${index}`, Value: "" })))),
    ).toContain("at most 50");
    await update([{ Key: "a", Value: "1" }], [{ Key: "move" }]);
    const { Items } = await store.send(new ListKeysCommand({ KvsARN: STORE }));
    expect(Items).toEqual([{ Key: "a", Value: "1" }]);
    await store.send(new DeleteKeyCommand({ KvsARN: STORE, Key: "a", IfMatch: await etag() }));
  });

  it("is none that is not there", async () => {
    const KvsARN = STORE.replace("0a1b", "ffff");
    expect(await refusalOf(store.send(new DescribeKeyValueStoreCommand({ KvsARN })))).toContain(
      "ResourceNotFoundException",
    );
  });
});

describe("a name of a distribution", () => {
  it("is told with the distribution, and is there on one alone", async () => {
    const { Distribution } = await cloudfront.send(new GetDistributionCommand({ Id: "E111" }));
    expect(Distribution).toMatchObject({
      Status: "Deployed",
      DomainName: EDGE,
      DistributionConfig: { Aliases: { Items: [APP] }, Enabled: true },
    });
    const asked = new ListConflictingAliasesCommand({ DistributionId: "E111", Alias: "shop.example.com" });
    const { ConflictingAliasesList } = await cloudfront.send(asked);
    // Half of each id is hidden.
    expect(ConflictingAliasesList?.Items).toEqual([
      { Alias: "shop.example.com", DistributionId: "**22", AccountId: "******789012" },
    ]);
    const uncovered = new ListConflictingAliasesCommand({ DistributionId: "E111", Alias: "x.example.com" });
    expect(await refusalOf(cloudfront.send(uncovered))).toMatch(/InvalidArgument.*no valid certificate/);
    expect(await refusalOf(cloudfront.send(new GetDistributionCommand({ Id: "E0" })))).toContain(
      "NoSuchDistribution",
    );
  });

  const associate = (Alias: string, TargetDistributionId = "E111") =>
    cloudfront.send(new AssociateAliasCommand({ Alias, TargetDistributionId }));
  const found = async (Id: string) =>
    (await cloudfront.send(new GetDistributionCommand({ Id }))).Distribution;

  it("moves from one to the other in one step, and the other way round", async () => {
    await associate("shop.example.com");
    expect((await found("E111"))?.DistributionConfig?.Aliases?.Items).toEqual([APP, "shop.example.com"]);
    expect((await found("E222"))?.DistributionConfig?.Aliases?.Items ?? []).toEqual([]);
    expect((await found("E111"))?.Status).toBe("InProgress");
    await sandbox.advance(180_000);
    expect((await found("E111"))?.Status).toBe("Deployed");
    await associate("shop.example.com", "E222");
    expect((await found("E111"))?.DistributionConfig?.Aliases?.Items).toEqual([APP]);
  });

  it("needs a certificate that holds it, and a proof where it is on none of the account's", async () => {
    expect(await refusalOf(associate("other.example.com"))).toMatch(/InvalidArgument.*certificate/);
    expect(await refusalOf(associate("free.example.com"))).toContain(
      "Invalid or missing alias DNS TXT records",
    );
    await change({
      Action: "CREATE",
      ResourceRecordSet: {
        Name: "_free.example.com",
        Type: "TXT",
        TTL: 60,
        ResourceRecords: [{ Value: `"${EDGE}"` }],
      },
    });
    await associate("free.example.com");
    expect((await found("E111"))?.DistributionConfig?.Aliases?.Items).toContain("free.example.com");
  });
});

describe("a distribution of another account", () => {
  const theirs = (enabled: boolean): [string, Attributes] => {
    const [id, attributes] = distribution("E333", "d333.cloudfront.net", [
      "*.example.com",
      "their.example.com",
    ]);
    const arn = `arn:aws:cloudfront::210987654321:distribution/${id}`;
    return [id, { ...attributes, arn, enabled, id }];
  };
  const put = (enabled: boolean) =>
    world.change(() => {
      const [id, attributes] = theirs(enabled);
      world.put({ type: "aws_cloudfront_distribution", region: GLOBAL, id, attributes, origin: "person" });
      const certificate = world.find({ type: "aws_acm_certificate" });
      if (certificate)
        world.update(certificate, {
          subject_alternative_names: ["shop.example.com", "free.example.com", "their.example.com"],
        });
    });
  const take = () =>
    cloudfront.send(new AssociateAliasCommand({ Alias: "their.example.com", TargetDistributionId: "E111" }));
  afterAll(() =>
    world.change(() => {
      const found = world.find({ type: "aws_cloudfront_distribution", where: { id: "E333" } });
      if (found) world.remove(found);
    }),
  );

  it("is nobody's here, and gives a name away only while it is disabled, to whoever proves it", async () => {
    await put(true);
    expect(await refusalOf(cloudfront.send(new GetDistributionCommand({ Id: "E333" })))).toContain(
      "NoSuchDistribution",
    );
    const asked = new ListConflictingAliasesCommand({ DistributionId: "E111", Alias: "their.example.com" });
    const { ConflictingAliasesList } = await cloudfront.send(asked);
    expect(ConflictingAliasesList?.Items?.map(({ Alias, AccountId }) => [Alias, AccountId])).toEqual([
      ["*.example.com", "******654321"],
      ["their.example.com", "******654321"],
    ]);
    expect(await refusalOf(take())).toContain("IllegalUpdate");
    await put(false);
    expect(await refusalOf(take())).toContain("Invalid or missing alias DNS TXT records");
    await change({
      Action: "CREATE",
      ResourceRecordSet: {
        Name: "_their.example.com",
        Type: "TXT",
        TTL: 60,
        ResourceRecords: [{ Value: `"${EDGE}"` }],
      },
    });
    await take();
    const { Distribution } = await cloudfront.send(new GetDistributionCommand({ Id: "E111" }));
    expect(Distribution?.DistributionConfig?.Aliases?.Items).toContain("their.example.com");
  });
});

describe("the edge", () => {
  beforeEach(() => share({ share: 0, hold: false }));

  it("leads by the record: to the old side itself, then through the distribution, once the resolver asks again", async () => {
    await change({ Action: "CREATE", ResourceRecordSet: cname(OLD, 60) });
    const { told, headers } = await visit(APP, { path: "/a?b=1" });
    expect(told).toMatchObject({ side: "old", host: APP, sni: APP, url: "/a?b=1" });
    expect(headers["x-slipway-origin"]).toBeUndefined();
    await change(
      { Action: "DELETE", ResourceRecordSet: cname(OLD, 60) },
      { Action: "CREATE", ResourceRecordSet: alias("A") },
    );
    expect((await visit(APP)).headers["x-slipway-origin"]).toBeUndefined();
    await sandbox.advance(60_000);
    expect((await visit(APP)).headers["x-slipway-origin"]).toBe("old");
  });

  it("calls the old side by its own name, and the new one by the viewer's", async () => {
    const old = await visit(APP, { path: "/a?b=1&b=2", headers: { cookie: "k=v", [VIEWER]: "203.0.113.9" } });
    expect(old.told).toMatchObject({ side: "old", host: OLD, sni: OLD, url: "/a?b=1&b=2" });
    expect(old.told.headers).toMatchObject({
      cookie: "k=v",
      "x-forwarded-host": APP,
      "x-forwarded-for": "203.0.113.9",
    });
    expect(old.headers["set-cookie"]).toEqual([
      "who=old; Path=/",
      expect.stringMatching(/^slipway-viewer=\d+; Path=\/;/),
    ]);
    const fresh = await visit(APP, { headers: { "x-slipway-origin": "new" } });
    expect(fresh.told).toMatchObject({ side: "new", host: APP, sni: APP });
    expect(fresh.headers["x-slipway-origin"]).toBe("new");
  });

  it("sends the share to the new side, once the store has come to the edges", async () => {
    const headers = { cookie: "slipway-viewer=99" };
    const { ETag } = await store.send(new DescribeKeyValueStoreCommand({ KvsARN: STORE }));
    await store.send(new PutKeyCommand({ KvsARN: STORE, Key: "move", Value: '{"share":1}', IfMatch: ETag }));
    expect((await visit(APP, { headers })).told.side).toBe("old");
    await sandbox.advance(3000);
    expect((await visit(APP, { headers })).told.side).toBe("new");
    expect((await visit(APP, { headers: { cookie: "slipway-viewer=100" } })).told.side).toBe("old");
  });

  it("holds writes with 503, and lets reads and bodies through otherwise", async () => {
    expect((await visit(APP, { method: "POST", body: "kept" })).told).toMatchObject({
      method: "POST",
      body: "kept",
    });
    await share({ share: 100, hold: true });
    const { status, headers } = await visit(APP, { method: "POST", body: "lost" });
    expect([status, headers["retry-after"]]).toEqual([503, "5"]);
    expect((await visit(APP)).told.side).toBe("new");
  });

  it("says nothing of the side with an error: CloudFront asks no function then", async () => {
    const { status, headers } = await visit(APP, { path: "/broken" });
    expect([status, headers["x-slipway-origin"]]).toEqual([500, undefined]);
  });

  it("knows its own hosts alone, and a name without a record leads nowhere", async () => {
    expect((await visit("d222.cloudfront.net")).status).toBe(200);
    await change({ Action: "CREATE", ResourceRecordSet: alias("A", "stray.example.com") });
    expect((await visit("stray.example.com")).status).toBe(403);
    await expect(visit("nowhere.example.com")).rejects.toThrow();
  });

  it("picks the distribution by the host, wherever the record leads, and learns of a move some minutes later", async () => {
    const Alias = "shop.example.com";
    // What was moved before has come to its end.
    await sandbox.advance(180_000);
    await change({ Action: "UPSERT", ResourceRecordSet: alias("A", Alias, "d222.cloudfront.net") });
    const to = (TargetDistributionId: string) =>
      cloudfront.send(new AssociateAliasCommand({ Alias, TargetDistributionId }));
    /** The distribution that answered: E222 passes everything on to the old side without a word of it. */
    const answered = async () => {
      const { status, headers } = await visit(Alias, { path: "/", headers: { "x-slipway-origin": "none" } });
      expect(status).toBe(200);
      return headers["x-slipway-origin"] === undefined ? "E222" : "E111";
    };
    await world.change(() => {
      const found = world.find({ type: "aws_cloudfront_distribution", where: { id: "E222" } });
      const plain = { ...behavior, function_association: [], origin_request_policy_id: "" };
      if (found) world.update(found, { default_cache_behavior: [plain] });
    });
    // Without a policy that passes the Host on, the origin gets its own name.
    expect((await visit(Alias)).told).toMatchObject({ side: "old", host: OLD, sni: OLD });
    expect(await answered()).toBe("E222");
    await to("E111");
    expect(await answered()).toBe("E222");
    await sandbox.advance(180_000);
    expect(await answered()).toBe("E111");
    await to("E222");
    expect(await answered()).toBe("E111");
    await sandbox.advance(180_000);
    expect(await answered()).toBe("E222");
  });

  it("answers in its own name where the function or the origin does not", async () => {
    const put = (code: string) =>
      world.change(() => {
        const found = world.find({ type: "aws_cloudfront_function" });
        if (found) world.update(found, { code });
      });
    const source = readFileSync(join(__dirname, "../../modules/move/front-function.js"), "utf8");
    const answers: Record<string, string> = {
      "503": "function handler() { throw new Error('x'); }",
      "502": "function handler(event) { event.request.headers.host = { value: 'x' }; return event.request; }",
    };
    for (const [status, code] of Object.entries(answers)) {
      await put(code);
      expect((await visit(APP)).status).toBe(Number(status));
    }
    for (const code of [
      "setTimeout(() => {}, 1)",
      "eval('1')",
      "new Function('')",
      "new Proxy({}, {})",
      "process.exit()",
      "module.exports",
    ]) {
      await put(`function handler(event) { ${code}; return event.request; }`);
      expect((await visit(APP)).status, code).toBe(503);
    }
    await put(frontFunction(OLD, "no-such-origin"));
    expect((await visit(APP, { headers: { "x-slipway-origin": "new" } })).status).toBe(502);
    await put(source.replace("__OLD_HOST__", "gone.example.net").replace("__NEW_ORIGIN__", "load-balancer"));
    expect((await visit(APP)).status).toBe(502);
    await put(frontFunction(OLD, "load-balancer"));
    expect((await visit(APP)).status).toBe(200);
  });
});

describe("what CloudWatch tells of them", () => {
  beforeEach(() => share({ share: 0, hold: false }));

  const NAMESPACES: Record<string, string> = {
    LoadBalancer: "AWS/ApplicationELB",
    ServiceName: "AWS/AppRunner",
  };
  const metric = (
    Id: string,
    MetricName: string,
    Stat: string,
    ...named: [string, string][]
  ): MetricDataQuery => ({
    Id,
    MetricStat: {
      Metric: {
        Namespace: NAMESPACES[named[0]?.[0] ?? ""] ?? "AWS/CloudFront",
        MetricName,
        Dimensions: named.map(([Name, Value]) => ({ Name, Value })),
      },
      Period: 60,
      Stat,
    },
  });
  const balancer = (Id: string, name: string, stat: string) =>
    metric(Id, name, stat, ["LoadBalancer", BALANCER]);
  const edgeOfAll = (Id: string, name: string, stat: string) =>
    metric(Id, name, stat, ["DistributionId", "E111"], ["Region", "Global"]);
  const ask = async (region: string, MetricDataQueries: MetricDataQuery[], from = clock.now() - 600_000) => {
    const client = (await makeClients(undefined, () => region)).make(CloudWatchClient, region);
    const span = { StartTime: new Date(from), EndTime: new Date(clock.now()) };
    const { MetricDataResults = [] } = await client.send(
      new GetMetricDataCommand({ MetricDataQueries, ...span }),
    );
    return MetricDataResults.map(({ Id, Values }) => [Id, Values?.map((value) => Math.round(value))]);
  };

  it("is what a load balancer and a distribution answered, by the minute, some time after its end, and only where it is kept", async () => {
    await sandbox.advance(60_000 - (clock.now() % 60_000) + 600_000);
    const began = clock.now();
    const asked = [
      balancer("requests", "RequestCount", "Sum"),
      balancer("failed", "HTTPCode_Target_5XX_Count", "Sum"),
      balancer("own", "HTTPCode_ELB_5XX_Count", "Sum"),
      balancer("p95", "TargetResponseTime", "p95"),
    ];
    const all = [edgeOfAll("all", "Requests", "Sum"), edgeOfAll("rate", "5xxErrorRate", "Average")];
    const isNew = { headers: { "x-slipway-origin": "new" } };
    for (const path of ["/", "/broken", "/"]) await visit(APP, { ...isNew, path });
    await visit(APP, { path: "/broken" });
    await vi.waitFor(async () => {
      const { edge: kept } = await sandbox.state();
      const counted = (by: string) => kept?.traffic?.[by]?.[began]?.requests;
      expect([counted("E111"), counted(BALANCER)]).toEqual([4, 3]);
    });
    const nothing = asked.map(({ Id }) => [Id, []]);
    await sandbox.advance(60_000);
    expect(await ask("us-west-2", asked)).toEqual(nothing);
    await sandbox.advance(90_000);
    expect(await ask("us-west-2", asked)).toEqual([
      ["requests", [3]],
      ["failed", [1]],
      ["own", []],
      ["p95", [0]],
    ]);
    expect(await ask("us-east-1", all)).toEqual([
      ["all", [4]],
      ["rate", [50]],
    ]);
    expect(await ask("us-east-1", asked)).toEqual(nothing);
    expect(await ask("us-west-2", all)).toEqual(all.map(({ Id }) => [Id, []]));
    expect(await ask("us-west-2", asked, clock.now() - 60_000)).toEqual(nothing);
  });

  it("is what a service of App Runner's was sent, directly and by the distribution, under both of its names", async () => {
    const [service_name, service_id] = ["shop", "8fe1e10304f84fd2b0df550fe98a71fa"];
    const arn = `arn:aws:apprunner:us-west-2:123456789012:service/${service_name}/${service_id}`;
    const attributes = { id: arn, arn, service_name, service_id, service_url: OLD };
    const type = "aws_apprunner_service";
    await world.change(() => world.put({ type, region: "us-west-2", id: arn, origin: "person", attributes }));
    await sandbox.advance(60_000 - (clock.now() % 60_000));
    for (const at of [OLD, OLD, APP]) await visit(at);
    await visit(APP, { headers: { "x-slipway-origin": "new" } });
    const isCounted = async () =>
      Object.values((await sandbox.state()).edge?.traffic?.[arn] ?? {}).at(-1)?.requests;
    await vi.waitFor(async () => expect(await isCounted()).toBe(3));
    await sandbox.advance(150_000);
    const requests = (...named: [string, string][]) => metric("requests", "Requests", "Sum", ...named);
    const whole = requests(["ServiceName", service_name], ["ServiceID", service_id]);
    expect(await ask("us-west-2", [whole])).toEqual([["requests", [3]]]);
    expect(await ask("us-east-1", [whole])).toEqual([["requests", []]]);
    for (const less of [
      requests(["ServiceName", service_name]),
      requests(["ServiceName", service_name], ["ServiceID", "0".repeat(32)]),
    ])
      expect(await ask("us-west-2", [less])).toEqual([["requests", []]]);
  });

  it("is asked for rightly, or not told", async () => {
    const right = balancer("requests", "RequestCount", "Sum");
    for (const [queries, said] of [
      [[right, right], "must be unique"],
      [[{ ...right, Id: "Requests" }], "is not matching the expected pattern"],
      [[{ ...right, MetricStat: { ...right.MetricStat, Period: 45 } }], "a Period of 60"],
    ] as [MetricDataQuery[], string][])
      expect(await refusalOf(ask("us-west-2", queries))).toContain(said);
    expect(await refusalOf(ask("us-west-2", [right], clock.now() + 1_000))).toContain("must be less than");
  });
});
