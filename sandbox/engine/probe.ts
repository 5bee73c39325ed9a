import { get } from "node:http";
import { findTargetGroup } from "./catalog";
import { settle } from "./engine";
import { targetHealthy, targetSick } from "./health";
import type { Host } from "./host";
import type { Task } from "./state";

/** Between two looks at a real process (real milliseconds): the target group's interval would make a demo long. */
const INTERVAL = 1000;

/** The load balancer's health check of a real process: HTTP on its port. */
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
    const { world } = this.host;
    const service = await this.host.run((sim) => sim.state.services[this.task.service ?? ""]?.spec);
    const target = service?.targets[0];
    if (!target) return;
    const group = findTargetGroup(world, this.task.region, target.group);
    const well = await answers(this.port, group?.path ?? "/");
    this.failures = well ? 0 : this.failures + 1;
    const sick = this.failures >= (group?.unhealthyAfter ?? 3);
    await this.host.run((sim) => {
      const task = sim.state.tasks[this.task.arn];
      if (!task || task.target === undefined) return;
      if (well && task.target !== "healthy") targetHealthy(sim, task);
      if (sick && task.target !== "unhealthy") targetSick(sim, task);
      settle(sim);
    });
  }
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
