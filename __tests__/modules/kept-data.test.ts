import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { DynamodbTable } from "@cdktf/provider-aws/lib/dynamodb-table";
import { expect, test } from "vitest";
import { lossOf } from "../../aws/stateful";
import type { EnvironmentProps } from "../../modules/environment";
import type { Graph, Json } from "./support/graph";
import { but, larger, least, web } from "./support/least";
import { synthesize } from "./support/synthesize";

const uses = { uploads: "bucket", jobs: "queue", cache: "valkey" } as const;
const services = { web: { ...web, uses } };

/** Addresses of what holds data, and of what Terraform refuses to destroy. */
function dataOf(graph: Graph) {
  const all = Object.entries(graph.json.resource as Json).flatMap(([type, byName]) =>
    Object.entries(byName as Json).map(([name, body]) => ({ type, address: `${type}.${name}`, body })),
  );
  const addresses = (holds: (one: (typeof all)[number]) => boolean) =>
    all.filter(holds).map(({ address }) => address);
  return {
    holding: addresses(({ type, body }) => lossOf(type, body) !== undefined),
    protected: addresses(({ body }) => body.lifecycle?.prevent_destroy === true),
    balancers: addresses(({ type }) => type === "aws_lb"),
  };
}

test("all that holds data is protected where it is kept, and nothing else but the load balancer", () => {
  const kept = dataOf(synthesize({ ...larger, services }, "prod"));
  expect(kept.holding.length).toBeGreaterThan(10);
  expect(kept.protected.sort()).toEqual([...kept.holding, ...kept.balancers].sort());
  expect(kept.holding).toEqual(
    expect.arrayContaining([
      "aws_db_instance.database_instance",
      "aws_kms_key.key",
      "aws_s3_bucket.uses_uploads",
      "aws_cloudwatch_log_group.service_web_logs",
    ]),
  );
});

test("nothing is protected where it is disposable, whatever else the preset says", () => {
  expect(dataOf(synthesize(but({ services }))).protected).toEqual([]);
  const disposable: EnvironmentProps = { ...larger, data: "disposable", services };
  const graph = synthesize(disposable, "prod");
  expect(dataOf(graph).protected).toEqual(dataOf(graph).balancers);
  expect(graph.one("aws_db_instance")).toMatchObject({
    deletion_protection: false,
    skip_final_snapshot: true,
  });
  expect(graph.one("aws_s3_bucket", "uses_uploads").force_destroy).toBe(true);
});

test("a file keeps what its preset would let go, and lets one thing go of what it keeps", () => {
  const graph = synthesize(but({ data: "kept", services }));
  expect(graph.one("aws_db_instance")).toMatchObject({
    deletion_protection: true,
    skip_final_snapshot: false,
    final_snapshot_identifier: "staging-final",
  });
  expect(dataOf(graph).protected).toEqual(dataOf(graph).holding);
  const one = synthesize({ ...larger, database: { deletionProtection: false } }, "prod");
  const { holding, protected: rest, balancers } = dataOf(one);
  const others = holding.filter((address) => address !== "aws_db_instance.database_instance");
  expect(rest.sort()).toEqual([...others, ...balancers].sort());
  expect(one.one("aws_db_instance").skip_final_snapshot).toBe(false);
});

test("an environment that says nothing of it, by itself or by its preset, keeps its data", () => {
  expect(dataOf(synthesize({ ...least, preset: {} })).protected).toContain(
    "aws_db_instance.database_instance",
  );
});

test("a team's own resources are kept as well, unless they say otherwise themselves", () => {
  const graph = synthesize({
    props: but({ data: "kept" }),
    extend: (own) => {
      const table = { billingMode: "PAY_PER_REQUEST", hashKey: "id", attribute: [{ name: "id", type: "S" }] };
      new DynamodbTable(own, "guests", { name: "staging-guests", ...table });
      new DynamodbTable(own, "scratch", {
        name: "staging-scratch",
        ...table,
        lifecycle: { preventDestroy: false },
      });
      new CloudwatchLogGroup(own, "news", { lifecycle: { createBeforeDestroy: true } });
    },
  });
  const lifecycle = (address: string) => graph.body(address).lifecycle;
  expect(lifecycle("aws_dynamodb_table.guests")).toEqual({ prevent_destroy: true });
  expect(lifecycle("aws_dynamodb_table.scratch")).toEqual({ prevent_destroy: false });
  expect(lifecycle("aws_cloudwatch_log_group.news")).toEqual({
    create_before_destroy: true,
    prevent_destroy: true,
  });
});
