import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { World, type WorldObject } from "../../sandbox/world";
import { temporaryFolder } from "./helpers";

const parameter = (id: string, more: Partial<WorldObject> = {}): WorldObject => ({
  type: "aws_ssm_parameter",
  region: "eu-west-1",
  id,
  attributes: { name: id },
  origin: "terraform",
  ...more,
});

describe("the world", () => {
  test("is found by type, region, id and attributes", async () => {
    const world = new World(temporaryFolder());
    await world.change(() => world.put(parameter("/a")));
    expect(world.get("aws_ssm_parameter", "eu-west-1", "/a")?.attributes).toEqual({ name: "/a" });
    expect(world.get("aws_ssm_parameter", "us-east-1", "/a")).toBeUndefined();
    expect(world.find({ type: "aws_ssm_parameter", where: { name: "/a" } })?.id).toBe("/a");
    expect(world.list({ region: "us-east-1" })).toEqual([]);
  });

  test("forgets a change that fails, all of it", async () => {
    const world = new World(temporaryFolder());
    await world.change(() => world.put(parameter("/kept")));
    const failing = world.change(() => {
      world.put(parameter("/half"));
      world.remove(parameter("/kept"));
      world.digits("seed", 4);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(world.list().map((object) => object.id)).toEqual(["/kept"]);
    const other = new World(temporaryFolder());
    const first = await other.change(() => other.digits("seed", 4));
    expect(await world.change(() => world.digits("seed", 4))).toBe(first);
  });

  test("lists each type as it is after every change, a failed one and another process' too", async () => {
    const folder = temporaryFolder();
    const [world, other] = [new World(folder), new World(folder)];
    const type = "aws_ssm_parameter";
    const ids = (one: World) => one.list({ type }).map(({ id }) => id);
    await world.change(() => {
      expect(ids(world)).toEqual([]);
      world.put(parameter("/a"));
      world.put(parameter("/cluster", { type: "aws_ecs_cluster" }));
      expect(ids(world)).toEqual(["/a"]);
    });
    expect(ids(other)).toEqual(["/a"]);
    const failing = world.change(() => {
      world.remove(parameter("/a"));
      world.put(parameter("/b"));
      expect(ids(world)).toEqual(["/b"]);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(ids(world)).toEqual(["/a"]);
    await other.change(() => {
      other.update(parameter("/a"), { value: "new" });
      other.put(parameter("/c"));
    });
    expect(world.list({ type, where: { value: "new" } }).map(({ id }) => id)).toEqual(["/a"]);
    expect(ids(world)).toEqual(["/a", "/c"]);
    world.assume(() => world.put(parameter("/d")));
    expect(ids(world)).toEqual(["/d", "/a", "/c"]);
    expect(ids(other)).toEqual(["/a", "/c"]);
  });

  test("remembers what was made of it until anything changes, whoever changes it", async () => {
    const folder = temporaryFolder();
    const [world, elsewhere] = [new World(folder), new World(folder)];
    let made = 0;
    const ids = () =>
      world.derive("ids", () => {
        made++;
        return world
          .list()
          .map(({ id }) => id)
          .sort();
      });
    await world.change(() => world.put(parameter("/a")));
    const { version } = world;
    expect([ids(), ids(), made, world.version]).toEqual([["/a"], ["/a"], 1, version]);
    await elsewhere.change(() => elsewhere.put(parameter("/b")));
    expect([ids(), world.version > version]).toEqual([["/a", "/b"], true]);
    const failing = world.change(() => {
      world.remove(parameter("/a"));
      expect(ids()).toEqual(["/b"]);
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(ids()).toEqual(["/a", "/b"]);
    world.assume(() => world.put(parameter("/assumed")));
    expect(ids()).toEqual(["/a", "/assumed", "/b"]);
  });

  test("may only be changed inside a change", () => {
    const world = new World(temporaryFolder());
    expect(() => world.put(parameter("/a"))).toThrow("inside World.change()");
  });

  test("is one for all who open its folder, at the same time too", async () => {
    const folder = temporaryFolder();
    const worlds = [new World(folder), new World(folder), new World(folder)];
    const changes = worlds.flatMap((world, who) =>
      Array.from({ length: 20 }, (_, turn) => world.change(() => world.put(parameter(`/${who}/${turn}`)))),
    );
    await Promise.all(changes);
    for (const world of worlds) expect(world.list()).toHaveLength(60);
  });

  test("takes what an object owns away with it", async () => {
    const world = new World(temporaryFolder());
    await world.change(() => {
      world.put(parameter("/owner"));
      world.put(parameter("/owned", { owner: "aws_ssm_parameter|eu-west-1|/owner" }));
    });
    await world.change(() => world.remove(parameter("/owner")));
    expect(world.list()).toEqual([]);
  });

  test("makes ids that depend on content and count alone", async () => {
    const ids = async () => {
      const world = new World(temporaryFolder());
      return world.change(() => [world.digits("a", 17), world.digits("a", 17), world.digits("b", 17)]);
    };
    const first = await ids();
    expect(new Set(first).size).toBe(3);
    expect(await ids()).toEqual(first);
  });
});

describe("secrets", () => {
  test("lie encrypted in the world, and come back for those who hold the key", async () => {
    const folder = temporaryFolder();
    const world = new World(folder);
    await world.change(() =>
      world.put(parameter("/s", { sealed: { value: world.vault.seal("hunter2-hunter2") } })),
    );
    expect(readFileSync(join(folder, "world.json"), "utf8")).not.toContain("hunter2");
    const again = new World(folder);
    const object = again.find({ id: "/s" }) as WorldObject;
    expect(again.reveal(object, "value")).toBe("hunter2-hunter2");
    expect(again.reveal(object, "other")).toBeUndefined();
    expect(statSync(join(folder, "key")).mode & 0o777).toBe(0o600);
  });

  test("cannot be read with another key", () => {
    const sealed = new World(temporaryFolder()).vault.seal("x");
    expect(() => new World(temporaryFolder()).vault.open(sealed)).toThrow();
  });
});
