import { expect } from "vitest";
import type { Report } from "../../../plan/report";
import type { Counts, ResourceSummary, Summary } from "../../../plan/summary";
import type { WorldObject } from "../../../sandbox/world";
import { makeByHand } from "../../../sandbox/aws/by-hand";
import type { Fields } from "../../../sandbox/wire/value";
import { COMMAND, type Outcome as Ended, sandboxHere } from "../../support/commands-here";
import { type Outcome, Project, worldOf } from "../../terraform/support/project";

export const REGION = "us-west-2";

/** A project whose sandbox begins with an empty account, and what people type there. */
export class Adopted extends Project {
  /** Forgets everything; what was made by hand is there afterwards. */
  async begin(...byHand: readonly (readonly [type: string, name: string, more?: Fields])[]): Promise<void> {
    await this.shell("true", ["--reset", "--empty"]);
    await worldOf(this).change((world) => {
      for (const [type, name, more] of byHand) makeByHand(world, type, name, more, REGION);
    });
  }

  /** Runs a line of the guide. */
  shell(line: string, options: readonly string[] = []): Promise<Outcome> {
    return this.sandbox(...options, "sh", "-c", line);
  }

  /** The same, where it has to succeed. */
  async done(line: string): Promise<string> {
    const { code, output } = await this.shell(line);
    expect(code, output).toBe(0);
    return output;
  }

  /** `npm run plan`, `apply` or `move-state`, without npm's own second. */
  npm(...args: readonly string[]): Promise<Ended> {
    const environment = { ...process.env, CI: "true", NO_COLOR: "1" };
    return sandboxHere(this.folder, ["--", process.execPath, ...COMMAND, ...args], environment);
  }

  /** `npm run plan`, or what it says where it fails. */
  async plan(...stacks: readonly string[]): Promise<Readonly<Record<string, Summary>>> {
    const { code, stdout, stderr } = await this.npm("plan", "--json", ...stacks);
    expect([0, 2], stderr + stdout).toContain(code);
    const report: Report = JSON.parse(stdout);
    return Object.fromEntries(
      report.stacks.flatMap(({ name, summary }) => (summary ? [[name, summary]] : [])),
    );
  }

  /** `npm run apply` of the plans made last. */
  async apply(...args: readonly string[]): Promise<void> {
    const { code, stdout, stderr } = await this.npm("apply", "--auto-approve", ...args);
    expect(code, stderr + stdout).toBe(0);
  }

  /** `npm run move-state`. */
  async moveState(): Promise<void> {
    const { code, stdout, stderr } = await this.npm("move-state");
    expect(code, stderr + stdout).toBe(0);
  }

  get objects(): WorldObject[] {
    return worldOf(this).list();
  }

  /** The one object of a type with this name. */
  object(type: string, name: string): WorldObject {
    const found = this.objects.filter(
      (one) => one.type === type && [one.id, one.attributes.name, one.attributes.identifier].includes(name),
    );
    expect(found, `${type} ${name}`).toHaveLength(1);
    return found[0] as WorldObject;
  }

  reveal(object: WorldObject, attribute: string): string | undefined {
    return worldOf(this).reveal(object, attribute);
  }
}

/** All that a plan may do, and nothing else. */
export const counts = (some: Partial<Counts>): Counts => ({
  create: 0,
  update: 0,
  replace: 0,
  destroy: 0,
  forget: 0,
  move: 0,
  import: 0,
  ...some,
});

export const addresses = (plan: Summary | undefined, kind: ResourceSummary["kind"]) =>
  (plan?.resources ?? []).filter((one) => one.kind === kind).map(({ address }) => address);
