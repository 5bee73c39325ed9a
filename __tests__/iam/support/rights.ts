import type { Access } from "../../../sandbox/iam/access";
import { roleNamed } from "../../../sandbox/iam/principals";
import type { World } from "../../../sandbox/world";

/** What roles may, and what of it was used, over many accounts and all environments: a right as `role: statement action`. */
export class Rights {
  private readonly granted = new Set<string>();
  private readonly accesses: Access[] = [];

  constructor(private readonly environments: readonly string[]) {}

  /** Adds what a role may in this account, and what it asks for from now on. */
  note(world: World, access: Access): void {
    this.accesses.push(access);
    for (const { statements } of roleNamed(world, access.name)?.identity ?? [])
      for (const { Sid, Action, Effect } of statements)
        if (Effect === "Allow")
          for (const action of [Action ?? []].flat())
            this.granted.add(`${this.kindOf(access)}: ${Sid} ${action}`);
  }

  /** Rights that no role made use of, sorted. */
  get unused(): string[] {
    const used = new Set(
      this.accesses.flatMap((access) =>
        access.used.map(({ sid, action }) => `${this.kindOf(access)}: ${sid} ${action}`),
      ),
    );
    return [...this.granted].filter((right) => !used.has(right)).sort();
  }

  /** A role's name without its environment's. */
  private kindOf({ name }: Access): string {
    return name
      .split("-")
      .filter((part) => !this.environments.includes(part))
      .join("-");
  }
}
