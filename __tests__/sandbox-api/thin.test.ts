import { expect, test } from "vitest";
import { bench, minutes } from "./support";

test("an applied service comes up, a task runs to its end", async () => {
  const at = await bench();
  const service = await at.service();
  expect(service.deployments).toHaveLength(1);
  expect(service).toMatchObject({ runningCount: 1, desiredCount: 1 });
  expect(service.deployments?.[0]).toMatchObject({ rolloutState: "COMPLETED", status: "PRIMARY" });
  const { tasks } = await at.run();
  await at.advance(minutes(1));
  const task = await at.task(tasks?.[0]?.taskArn as string);
  expect(task).toMatchObject({ lastStatus: "STOPPED", stopCode: "EssentialContainerExited" });
  expect(task.containers?.[0]).toMatchObject({ exitCode: 0 });
});

test("a forced deployment replaces the task", async () => {
  const at = await bench();
  const { id, digest } = await at.release("second");
  await at.advance(minutes(5));
  const service = await at.service();
  expect(service.deployments).toHaveLength(1);
  expect(service.deployments?.[0]).toMatchObject({ id, rolloutState: "COMPLETED" });
  const state = await at.sandbox.state();
  const live = Object.values(state.tasks).filter((task) => task.desiredStatus === "RUNNING");
  expect(live).toHaveLength(1);
  expect(live[0]?.containers[0]?.digest).toBe(digest);
});

test("a broken release is rolled back", async () => {
  const at = await bench();
  const before = (await at.service()).deployments?.[0]?.id;
  const { id } = await at.release("broken", { run: { exit: { code: 1, after: 300 } } });
  await at.advance(minutes(5));
  const service = await at.service();
  expect(service.deployments?.map((one) => [one.id, one.status, one.rolloutState])).toEqual([
    [before, "PRIMARY", "COMPLETED"],
  ]);
  expect(id).not.toBe(before);
  expect((await at.sandbox.state()).services[service.serviceArn as string]?.history[0]).toMatchObject({
    status: "ROLLBACK_SUCCESSFUL",
  });
});
