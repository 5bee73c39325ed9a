import { get } from "node:http";
import { findTargetGroup } from "./catalog";
import { settle } from "./engine";
import { appliedAppRunner, findAppRunner } from "./app-runner";
import { block, number, text } from "./attributes";
import { containerHealthy, containerSick, targetHealthy, targetSick } from "./health";
import type { Host } from "./host";
import type { Sim } from "./sim";
import type { Task } from "./state";

/** Between two looks at a real process (real milliseconds): the target group's interval would make a demo long. */
const INTERVAL = 1000;

/** The health check of a real process, a load balancer's or App Runner's: HTTP on its port. */
export class Probe {
  private readonly timer: NodeJS.Timeout;
  private failures = 0;

  constructor(
    private readonly host: Host,
    private readonly task: Task,
    private readonly port: number,
  ) {
    this.timer = setInterval(() => void this.look(), INTERVAL);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    const asked = await this.host.run((sim) => askedOf(sim, this.task));
    if (!asked) return;
    const well = await answers(this.port, asked.path);
    this.failures = well ? 0 : this.failures + 1;
    const sick = this.failures >= asked.unhealthyAfter;
    await this.host.run((sim) => {
      const task = sim.state.tasks[this.task.arn];
      if (!task) return;
      if (asked.by === "app-runner") tellContainer(sim, task, well, sick);
      else tellTarget(sim, task, well, sick);
      settle(sim);
    });
  }
}

/** Who asks a task how it is, and for what. */
interface Asked {
  by: "load balancer" | "app-runner";
  path: string;
  unhealthyAfter: number;
}

function askedOf(sim: Sim, task: Task): Asked | undefined {
  const onAppRunner = findAppRunner(sim, task.service);
  if (onAppRunner) {
    const check = block(appliedAppRunner(sim, onAppRunner)?.attributes, "health_check_configuration");
    const path = text(check, "path") || "/";
    return { by: "app-runner", path, unhealthyAfter: number(check, "unhealthy_threshold", 5) };
  }
  const target = sim.state.services[task.service ?? ""]?.spec.targets[0];
  if (!target) return undefined;
  const group = findTargetGroup(sim.world, task.region, target.group);
  return { by: "load balancer", path: group?.path ?? "/", unhealthyAfter: group?.unhealthyAfter ?? 3 };
}

function tellTarget(sim: Sim, task: Task, well: boolean, sick: boolean): void {
  if (task.target === undefined) return;
  if (well && task.target !== "healthy") targetHealthy(sim, task);
  if (sick && task.target !== "unhealthy") targetSick(sim, task);
}

function tellContainer(sim: Sim, task: Task, well: boolean, sick: boolean): void {
  const [container] = task.containers;
  if (!container) return;
  if (well && container.health !== "HEALTHY") containerHealthy(sim, task, container);
  if (sick && container.health !== "UNHEALTHY") containerSick(sim, task, container);
}

function answers(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port, path, timeout: 2000 }, (response) => {
      response.resume();
      resolve((response.statusCode ?? 500) < 400);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(false));
  });
}
