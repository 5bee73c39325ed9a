import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeByHand } from "../../sandbox/aws/by-hand";
import { KINDS } from "../../sandbox/aws/kinds";
import { applyChange } from "../../sandbox/provider/apply";
import { removeObject } from "../../sandbox/provider/remove";
import { loadSchema } from "../../sandbox/schema/cache";
import type { BlockSchema } from "../../sandbox/schema/types";
import type { Fields } from "../../sandbox/wire/value";
import type { WorldObject } from "../../sandbox/world";
import { but, existing } from "../modules/support/least";
import { Living } from "./support/living";
import { makeVpc } from "./support/vpc";

const withReplicas = (replicas: 0 | 1) =>
  but({ network: existing, bastion: false, database: { replicas, engineVersion: "16" } });

describe("a read replica", () => {
  const life = new Living();
  beforeAll(() => makeVpc(life.world));
  afterAll(() => life.remove());
  const instances = () =>
    life.world
      .list({ type: "aws_db_instance" })
      .map(({ attributes }) => attributes.identifier)
      .sort();

  it("is applied beside its source, in its subnets, and planned empty", async () => {
    const { code, text } = await life.apply(withReplicas(1));
    expect(code, text).toBe(0);
    expect(text.split("again")[1]).toContain("No changes");
    const [source, replica] = ["staging", "staging-replica"].map(
      (identifier) => life.world.find({ type: "aws_db_instance", where: { identifier } })?.attributes,
    );
    for (const shared of ["db_subnet_group_name", "engine_version", "username", "allocated_storage"])
      expect([shared, replica?.[shared]]).toEqual([shared, source?.[shared]]);
    const [definition] = life.world.list({
      type: "aws_ecs_task_definition",
      where: { family: "staging-web" },
    });
    expect(String(definition?.attributes.container_definitions)).toContain(String(replica?.address));
  });

  it("keeps its source's backups on, is made of nothing without them, and takes no snapshot", async () => {
    const { world } = life;
    const schema = loadSchema("resource", "aws_db_instance") as BlockSchema;
    const kind = KINDS.aws_db_instance ?? {};
    const of = (identifier: string) =>
      world.find({ type: "aws_db_instance", where: { identifier } }) as WorldObject;
    await world.change(() => {
      const [source, replica] = [of("staging"), of("staging-replica")];
      const planned = { ...source.attributes, backup_retention_period: 0 } as Fields;
      const change = {
        type: "aws_db_instance",
        kind,
        schema,
        region: source.region,
        planned,
        config: planned,
      };
      expect(() => applyChange(world, { ...change, prior: source.attributes as Fields })).toThrow(
        "Automated backups cannot be disabled while staging-replica is a read replica",
      );
      const snapshot = { skip_final_snapshot: false, final_snapshot_identifier: "last" };
      const gone = { ...replica.attributes, ...snapshot } as Fields;
      expect(() => removeObject(world, replica, kind, schema, gone)).toThrow("FinalDBSnapshotIdentifier");
      const copy = { replicate_source_db: "by-hand", password: null, allocated_storage: null };
      makeByHand(world, "aws_db_instance", "by-hand", {}, source.region);
      expect(() => makeByHand(world, "aws_db_instance", "copy", copy, source.region)).toThrow(
        "Automated backups are not enabled",
      );
      world.remove(of("by-hand"));
    });
  });

  it("goes alone, and before its source", async () => {
    const without = await life.apply(withReplicas(0));
    expect(without.code, without.text).toBe(0);
    expect(instances()).toEqual(["staging"]);
    const again = await life.apply(withReplicas(1));
    expect(again.code, again.text).toBe(0);
    const destroyed = await life.destroy();
    expect(destroyed.code, destroyed.text).toBe(0);
    expect(destroyed.text.indexOf("database_replica: Destruction complete")).toBeGreaterThan(0);
    expect(destroyed.text.indexOf("database_replica: Destruction complete")).toBeLessThan(
      destroyed.text.indexOf("aws_db_instance.database_instance: Destroying"),
    );
    expect(instances()).toEqual([]);
  });
});
