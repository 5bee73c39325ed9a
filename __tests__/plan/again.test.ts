import { describe, expect, it } from "vitest";
import { beyond } from "../../plan/again";
import { summarize } from "../../plan/summary";
import { planOf, resource } from "./support/plans";

describe("a stale plan that was made again", () => {
  const update = (after: number) =>
    resource("aws_vpc.a", ["update"], {}, { before: { size: 1 }, after: { size: after } });
  const create = resource("aws_vpc.b", ["create"]);
  const sum = (...resources: Parameters<typeof planOf>[0]) => summarize(planOf(resources));
  /** As it is read from where it was kept. */
  const kept = (...resources: Parameters<typeof planOf>[0]) => JSON.parse(JSON.stringify(sum(...resources)));

  it("does nothing new where it is the same, or less because others did some of it", () => {
    expect(beyond(kept(update(2), create), sum(update(2), create))).toEqual([]);
    expect(beyond(kept(update(2), create), sum(create))).toEqual([]);
  });

  it("does something new where a resource, a value, a fate or an output is another", () => {
    expect(beyond(kept(create), sum(update(2), create))).toEqual(["aws_vpc.a"]);
    expect(beyond(kept(update(2)), sum(update(3)))).toEqual(["aws_vpc.a"]);
    expect(beyond(kept(update(2)), sum(resource("aws_vpc.a", ["delete"])))).toEqual(["aws_vpc.a"]);
    const outputs = { output_changes: { deploy: { actions: ["update"], before: 1, after: 2 } } };
    expect(beyond(kept(create), summarize(planOf([create], outputs)))).toEqual(["output deploy"]);
  });
});
