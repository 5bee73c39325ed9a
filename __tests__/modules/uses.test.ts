import { describe, expect, test } from "vitest";
import type { EnvironmentProps } from "../../modules/environment";
import type { Graph, Json } from "./support/graph";
import { but, butWeb, larger, least, type ServiceProps, web } from "./support/least";
import { reachable, waysIn, waysOut } from "./support/reach";
import { synthesize } from "./support/synthesize";

const all = { uploads: "bucket", jobs: "queue", cache: "valkey" } as const;
const graph = synthesize(butWeb({ uses: all }));
const onFargate = synthesize(butWeb({ uses: all, capacity: "fargate" }));
const prod = synthesize({ ...larger, services: { web: { ...web, uses: all } } }, "prod");

const variables = (of: Graph, id = "service_web"): Record<string, string> => {
  const [own] = JSON.parse(of.one("aws_ecs_task_definition", id).container_definitions);
  return Object.fromEntries(own.environment.map(({ name, value }: Json) => [name, value]));
};
const using = (uses: ServiceProps["uses"]) => butWeb({ uses });
const statements = (of: Graph, id = "service_web_roles_task_policy"): Json[] =>
  JSON.parse(of.one("aws_iam_role_policy", id).policy).Statement;

describe("what a service uses", () => {
  test("is told to it, its migrations and nobody else, by reference", () => {
    for (const id of ["service_web", "service_web_migration"])
      expect(variables(graph, id)).toMatchObject({
        AWS_REGION: "us-west-2",
        UPLOADS_BUCKET: "${aws_s3_bucket.uses_uploads.bucket}",
        JOBS_QUEUE_URL: "${aws_sqs_queue.uses_jobs.url}",
        CACHE_URL:
          "rediss://${aws_elasticache_replication_group.uses_cache_group.primary_endpoint_address}:6379",
      });
    const two = synthesize(but({ services: { web: { ...web, uses: all }, worker: { command: ["work"] } } }));
    const own = Object.keys(variables(two, "service_worker"));
    expect(own.filter((name) => /BUCKET|QUEUE|CACHE|AWS/.test(name))).toEqual([]);
    expect(two.all("aws_iam_role_policy").map(({ id }) => id)).not.toContain(
      "service_worker_roles_task_policy",
    );
  });

  test("is told under another name where one is said", () => {
    const named = synthesize(using({ uploads: { type: "bucket", variable: "S3_BUCKET" } }));
    expect(variables(named).S3_BUCKET).toBe("${aws_s3_bucket.uses_uploads.bucket}");
    expect(variables(named)).not.toHaveProperty("UPLOADS_BUCKET");
  });

  test("may be used for what it is for, and nothing else may", () => {
    expect(statements(graph)).toEqual([
      {
        Sid: "UseUploads1",
        Effect: "Allow",
        Action: ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"],
        Resource: ["${aws_s3_bucket.uses_uploads.arn}/*"],
      },
      {
        Sid: "UseUploads2",
        Effect: "Allow",
        Action: ["s3:ListBucket"],
        Resource: ["${aws_s3_bucket.uses_uploads.arn}"],
      },
      {
        Sid: "UseJobs3",
        Effect: "Allow",
        Action: [
          "sqs:ChangeMessageVisibility",
          "sqs:DeleteMessage",
          "sqs:GetQueueAttributes",
          "sqs:ReceiveMessage",
          "sqs:SendMessage",
        ],
        Resource: ["${aws_sqs_queue.uses_jobs.arn}"],
      },
    ]);
  });

  test("opens the cache to those that use it, both ways, and to nobody else", () => {
    const ways = (of: Graph, list: (graph: Graph) => string[]) =>
      list(of).filter((way) => way.includes("uses_cache"));
    for (const list of [waysIn, waysOut]) {
      expect(ways(graph, list)).toEqual(["cluster_instances → uses_cache :6379"]);
      expect(ways(onFargate, list)).toEqual(["service_web_tasks → uses_cache :6379"]);
    }
    for (const of of [graph, onFargate]) {
      expect(reachable(of, "internet")).toEqual([]);
      expect(reachable(of, "bastion").filter((group) => group === "uses_cache")).toEqual(
        // The bastion speaks to the load balancer, which speaks to the tasks, which speak to the cache.
        ["uses_cache"],
      );
    }
    expect(
      onFargate.destroyBefore("aws_ecs_service.service_web_service", "aws_security_group.uses_cache"),
    ).toBe(true);
  });

  test("is one thing where two services name it", () => {
    const services: EnvironmentProps["services"] = {
      web: { ...web, uses: { jobs: { type: "queue", visibilityTimeout: 300 } } },
      worker: { command: ["work"], uses: { jobs: { type: "queue", variable: "JOBS" } } },
      mailer: { command: ["mail"], uses: { jobs: "queue" } },
    };
    const shared = synthesize(but({ services }));
    expect(shared.count("aws_sqs_queue")).toBe(2);
    expect(shared.one("aws_sqs_queue", "uses_jobs").visibility_timeout_seconds).toBe(300);
    expect(variables(shared, "service_worker").JOBS).toBe("${aws_sqs_queue.uses_jobs.url}");
    expect(variables(shared, "service_mailer").JOBS_QUEUE_URL).toBe("${aws_sqs_queue.uses_jobs.url}");
  });
});

describe("a bucket", () => {
  test("is private, encrypted, refuses plain HTTP, and keeps what was overwritten for a time", () => {
    const { bucket } = graph.one("aws_s3_bucket");
    expect(bucket).toBe("staging-uploads-${data.aws_caller_identity.caller.account_id}");
    expect(graph.one("aws_s3_bucket_public_access_block")).toMatchObject({
      block_public_acls: true,
      block_public_policy: true,
      ignore_public_acls: true,
      restrict_public_buckets: true,
    });
    expect(graph.one("aws_s3_bucket_versioning").versioning_configuration.status).toBe("Enabled");
    const [rule] = graph.one("aws_s3_bucket_lifecycle_configuration").rule;
    expect(rule.noncurrent_version_expiration).toEqual([{ noncurrent_days: 30 }]);
    expect(rule).not.toHaveProperty("expiration");
    expect(JSON.parse(graph.one("aws_s3_bucket_policy").policy).Statement).toEqual([
      expect.objectContaining({ Sid: "OnlyWithTls", Effect: "Deny" }),
    ]);
  });
});

describe("a queue", () => {
  test("is encrypted, as are its dead letters, which take from it alone", () => {
    for (const { body } of graph.all("aws_sqs_queue")) expect(body.sqs_managed_sse_enabled).toBe(true);
    expect(JSON.parse(graph.one("aws_sqs_queue", "uses_jobs").redrive_policy)).toEqual({
      deadLetterTargetArn: "${aws_sqs_queue.uses_jobs_dead_letters.arn}",
      maxReceiveCount: 5,
    });
    expect(JSON.parse(graph.one("aws_sqs_queue_redrive_allow_policy").redrive_allow_policy)).toEqual({
      redrivePermission: "byQueue",
      sourceQueueArns: ["${aws_sqs_queue.uses_jobs.arn}"],
    });
    expect(graph.all("aws_sqs_queue").map(({ body }) => body.name)).toEqual([
      "staging-jobs",
      "staging-jobs-dead-letter",
    ]);
  });

  test("has an endpoint of its own where no NAT leads to AWS", () => {
    const sealed = (uses: ServiceProps["uses"]) =>
      synthesize({ ...using(uses), network: { nat: false } })
        .all("aws_vpc_endpoint")
        .map(({ id }) => id);
    expect(sealed({ jobs: "queue" })).toContain("network_sqs");
    expect(sealed({ uploads: "bucket" })).not.toContain("network_sqs");
  });
});

describe("a cache", () => {
  test("is encrypted at rest and on its way, in subnets that lead nowhere, without a password in the state", () => {
    expect(graph.one("aws_elasticache_replication_group")).toMatchObject({
      replication_group_id: "staging-cache",
      engine: "valkey",
      at_rest_encryption_enabled: "true",
      transit_encryption_enabled: true,
      subnet_group_name: "${aws_elasticache_subnet_group.network_cache.name}",
      num_cache_clusters: 1,
      automatic_failover_enabled: false,
    });
    expect(graph.one("aws_elasticache_replication_group")).not.toHaveProperty("auth_token");
    expect(prod.one("aws_elasticache_replication_group")).toMatchObject({
      num_cache_clusters: 2,
      automatic_failover_enabled: true,
      multi_az_enabled: true,
      snapshot_retention_limit: 7,
    });
  });
});

describe("protection", () => {
  const stateful = [
    "aws_s3_bucket.uses_uploads",
    "aws_sqs_queue.uses_jobs",
    "aws_sqs_queue.uses_jobs_dead_letters",
  ];
  const cache = "aws_elasticache_replication_group.uses_cache_group";

  test("stands in the plan on production, and not on small", () => {
    for (const address of [...stateful, cache]) {
      expect(prod.body(address).lifecycle).toEqual({ prevent_destroy: true });
      expect(graph.body(address).lifecycle).toEqual({ prevent_destroy: false });
    }
    expect(prod.body(cache).final_snapshot_identifier).toBe("prod-cache-final");
    expect(graph.body(cache)).not.toHaveProperty("final_snapshot_identifier");
    expect(prod.body("aws_s3_bucket.uses_uploads").force_destroy).toBe(false);
    expect(graph.body("aws_s3_bucket.uses_uploads").force_destroy).toBe(true);
  });

  test("is what the file says where it says it", () => {
    const own = synthesize(using({ uploads: { type: "bucket", deletionProtection: true } }));
    expect(own.one("aws_s3_bucket").lifecycle).toEqual({ prevent_destroy: true });
    const none = synthesize({
      ...least,
      preset: {},
      services: { web: { port: 1, uses: { jobs: "queue" } } },
    });
    expect(none.one("aws_sqs_queue", "uses_jobs").lifecycle).toEqual({ prevent_destroy: true });
  });
});

test("a copied file makes things of its own names", () => {
  const names = (name: string) =>
    ["aws_s3_bucket", "aws_sqs_queue", "aws_elasticache_replication_group", "aws_security_group"].flatMap(
      (type) =>
        synthesize(using(all), name)
          .all(type)
          .map(({ body }) => body.bucket ?? body.name ?? body.replication_group_id),
    );
  expect(names("qa").filter((name) => names("staging").includes(name))).toEqual([]);
  for (const name of names("qa")) expect(name).toMatch(/^qa-/);
});
