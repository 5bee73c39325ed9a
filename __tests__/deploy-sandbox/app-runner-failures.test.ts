import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { shortDigest } from "../../deploy/image";
import type { AppRunnerServiceProps } from "../../modules/app-runner";
import { beginOperation } from "../../sandbox/engine/app-runner";
import { Growth, REGION } from "./support/growth";

/** Fails where the release before it told it to. */
const MIGRATES = 'process.exit(require("node:fs").existsSync(process.env.FAILS) ? 7 : 0)';
const web: AppRunnerServiceProps = {
  config: { FAILS: "/nowhere" },
  database: ["DATABASE_URL"],
  migrations: [process.execPath, "-e", MIGRATES],
};

describe.sequential("a release to App Runner that goes wrong", () => {
  let growth: Growth;
  let first = "";
  beforeAll(async () => {
    growth = await Growth.open();
    expect((await growth.apply(web)).code).toBe(0);
    first = await growth.push("v1");
    await growth.push("v2");
    await growth.secret("/growth/database/url", await growth.answeringUrl());
    expect((await growth.check()).output).toContain("App Runner lets no account in since 2026-04-30");
    expect((await growth.deploy("v1")).exitCode).toBe(0);
    expect((await growth.apply(web)).code).toBe(0);
    await growth.settle();
  });
  afterEach(async () => {
    await growth.sandbox.clearFaults();
    await growth.settle();
    expect(await growth.service()).toMatchObject({ status: "RUNNING" });
  });
  afterAll(() => growth.close());

  /** Operations that were begun so far. */
  const begun = async () => (await growth.service()).operations.length;

  it("is refused while the database does not answer from here, with nothing changed", async () => {
    const before = await begun();
    const { parameter } = { parameter: "/growth/database/url" };
    for (const [url, why] of [
      ["postgres://app:hunter2@127.0.0.1:9/app", "127.0.0.1:9 does not answer from here (ECONNREFUSED)"],
      ["postgres://app:hunter2@127.0.0.1:6543/app", "is a transaction pooler"],
    ] as const) {
      await growth.secret(parameter, url);
      const { exitCode, result, output } = await growth.deploy("v2");
      expect(exitCode).toBe(1);
      expect(result.wayOut.join("\n")).toContain(why);
      expect(result.wayOut.join("\n")).toContain("npx slipway secret set growth DATABASE_URL --service web");
      expect(output).not.toContain("hunter2");
    }
    await growth.secret(parameter, await growth.answeringUrl());
    expect(await growth.tag()).toBe(first);
    expect(await begun()).toBe(before);
  });

  it("ends at a migration that fails, and at a program that is not here: the service is not touched", async () => {
    const before = await begun();
    const contract = growth.parameter("/growth/deploy");
    const text = String(contract && growth.world.reveal(contract, "value"));
    const write = (command: readonly string[]) => {
      const changed = JSON.parse(text);
      changed.services[0].migration.command = command;
      return growth.world.change((world) => {
        if (contract)
          world.put({ ...contract, sealed: { value: world.vault.seal(JSON.stringify(changed)) } });
      });
    };
    await write([process.execPath, "-e", "console.error('no such table'); process.exit(7)"]);
    const failed = await growth.deploy("v2");
    expect(failed.exitCode).toBe(2);
    expect(failed.result).toMatchObject({
      text: "The migration failed: exit code 7. The service was not touched.",
      lastLines: ["no such table"],
    });
    await write(["no-such-program"]);
    const missing = await growth.deploy("v2");
    expect(missing.exitCode).toBe(2);
    expect(missing.result.text).toContain("no-such-program is not installed here");
    await write([process.execPath, "-e", "console.log('begun'); setTimeout(() => {}, 60_000)"]);
    const long = await growth.deploy("v2", { limits: { capacity: 0, start: 0, migration: 300, rollout: 0 } });
    expect(long.exitCode).toBe(2);
    expect(long.result.text).toContain("took longer than --migration-timeout");
    const stopped = await growth.deploy("v2", {}, (event, signal) => {
      if (event.type === "log") signal("SIGINT");
    });
    expect(stopped.exitCode).toBe(130);
    expect(stopped.result.wayOut.join()).toContain("has ended: look at the database");
    await write(JSON.parse(text).services[0].migration.command);
    expect(await growth.tag()).toBe(first);
    expect(await begun()).toBe(before);
  });

  it("is not begun while App Runner is at work on another thing, unless it waits", async () => {
    const begin = () =>
      growth.sandbox.host.run((sim) => {
        const [service] = Object.values(sim.state.appRunner ?? {});
        if (service) beginOperation(sim, service, "START_DEPLOYMENT");
      });
    await begin();
    const busy = await growth.deploy("v2");
    expect(busy.exitCode).toBe(5);
    expect(busy.result.wayOut.join()).toMatch(/operation \S+ \(START_DEPLOYMENT\) is in progress/);
    expect(await growth.tag()).toBe(first);
    const waited = await growth.deploy("v2", { wait: true });
    expect(waited.exitCode, waited.output).toBe(0);
    expect((await growth.rollback()).exitCode).toBe(0);
    expect(await growth.service()).toMatchObject({ digest: first });
  });

  it("is found where the answer to StartDeployment was lost, and begun once", async () => {
    const before = await begun();
    await growth.sandbox.fault({ operation: "apprunner:StartDeployment", kind: "lost", count: 1 });
    const { exitCode, output } = await growth.deploy("v2");
    expect(exitCode, output).toBe(0);
    expect(await begun()).toBe(before + 1);
    expect((await growth.rollback()).exitCode).toBe(0);
  });

  it("is unknown where AWS stops answering: the tag is left, and nothing is claimed", async () => {
    const { exitCode, result } = await growth.deploy("v2", {}, (event) => {
      if (event.type === "stage" && event.stage === "roll out" && event.state === "started")
        void growth.sandbox.fault({ operation: "apprunner:ListOperations", kind: "server", count: 10_000 });
    });
    expect(exitCode).toBe(4);
    expect(result.text).toContain("What became of web is unknown");
    expect(result.services).toMatchObject([{ outcome: "unknown" }]);
    expect(await growth.tag()).not.toBe(first);
    await growth.sandbox.clearFaults();
    await growth.settle();
    expect((await growth.rollback({ to: first })).exitCode).toBe(0);
  });

  it("proves nothing where somebody moves the tag meanwhile", async () => {
    const third = await growth.push("v3");
    const { exitCode, result } = await growth.deploy("v2", {}, (event) => {
      if (event.type === "stage" && event.stage === "roll out" && event.state === "started")
        void growth.sandbox.retag(REGION, "app", "growth", third);
    });
    expect(exitCode).toBe(5);
    expect(result.text).toContain(
      `somebody moved app:growth to ${shortDigest(third)} while App Runner deployed`,
    );
    expect(await growth.tag()).toBe(third);
    expect((await growth.rollback({ to: first })).exitCode).toBe(0);
  });

  it("goes on by itself after Ctrl-C, and says so", async () => {
    const { exitCode, result } = await growth.deploy("v2", {}, (event, signal) => {
      if (event.type === "stage" && event.stage === "roll out" && event.state === "started") signal("SIGINT");
    });
    expect(exitCode).toBe(130);
    expect(result.wayOut.join()).toMatch(
      /web: operation \S+ goes on by itself: status shows it, rollback undoes it/,
    );
    await growth.settle();
    const { output } = await growth.status();
    expect(output).toContain("App Runner tells no digest, the last release that succeeded was");
    expect((await growth.rollback({ to: first })).exitCode).toBe(0);
  });

  it("is rolled back where its health check never passes", async () => {
    await growth.push("v4", { healthy: "never" });
    const { exitCode } = await growth.deploy("v4");
    expect(exitCode).toBe(3);
    expect(await growth.tag()).toBe(first);
    expect(await growth.service()).toMatchObject({ digest: first });
  });

  it("deploys by itself, once, where somebody switched that on", async () => {
    const [object] = growth.world.list({ type: "aws_apprunner_service" });
    await growth.world.change((world) => {
      if (!object) throw new Error("No service.");
      const [source] = object.attributes.source_configuration as Record<string, never>[];
      const on = { ...source, auto_deployments_enabled: true };
      world.update(object, { source_configuration: [on] });
    });
    await growth.settle();
    const before = await begun();
    const { exitCode, output } = await growth.deploy("v2");
    expect(exitCode, output).toBe(0);
    expect(output).toContain("somebody switched them on");
    expect(await begun()).toBe(before + 1);
  });
});
