import type * as ecs from "@aws-sdk/client-ecs";
import type { Tag } from "@aws-sdk/client-ecs";
import { type Call, type Operations, operation } from "./call";
import { AwsFailure } from "./errors";

export const TAGS: Operations = {
  TagResource: operation<ecs.TagResourceRequest, ecs.TagResourceResponse>(
    ["resourceArn", "tags"],
    (call, input) => {
      const tagged = taggedOf(call, input.resourceArn ?? "");
      for (const tag of input.tags ?? []) {
        const known = tagged.find(({ key }) => key === tag.key);
        if (known) Object.assign(known, { value: tag.value ?? "" });
        else tagged.push({ key: tag.key ?? "", value: tag.value ?? "" });
      }
      return {};
    },
  ),
  UntagResource: operation<ecs.UntagResourceRequest, ecs.UntagResourceResponse>(
    ["resourceArn", "tagKeys"],
    (call, input) => {
      const tagged = taggedOf(call, input.resourceArn ?? "");
      const kept = tagged.filter(({ key }) => !input.tagKeys?.includes(key ?? ""));
      tagged.splice(0, tagged.length, ...kept);
      return {};
    },
  ),
  ListTagsForResource: operation<ecs.ListTagsForResourceRequest, ecs.ListTagsForResourceResponse>(
    ["resourceArn"],
    (call, input) => ({ tags: taggedOf(call, input.resourceArn ?? "") }),
  ),
};

/** The tags of a task or service, to read and to change. */
function taggedOf(call: Call, arn: string): Tag[] {
  const { tasks, services } = call.sim.state;
  const task = Object.hasOwn(tasks, arn) ? tasks[arn] : undefined;
  const service = Object.hasOwn(services, arn) ? services[arn] : undefined;
  const tags = task?.tags ?? service?.spec.tags;
  if (!tags)
    throw new AwsFailure("InvalidParameterException", `The specified resource ${arn} was not found.`);
  return tags;
}
