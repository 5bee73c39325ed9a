import { argument, each, type Hit, hit, lacks, theme } from "../rule";
import type { Block } from "../stack";
import { absent, isExpression, text, truth, within } from "../values";
import { containersOf } from "./containers";

/** Whether an image names neither a digest nor a tag of its own: `nginx`, `nginx:latest`. */
function isUnpinned(image: unknown): boolean {
  if (typeof image !== "string" || image === "") return false;
  const last = image.slice(image.lastIndexOf("/") + 1);
  if (image.includes("@")) return false;
  if (/:latest$/.test(last)) return true;
  return !last.includes(":") && !isExpression(image);
}

const TEMPLATES = [
  ["launch_template"],
  ["mixed_instances_policy", "launch_template", "launch_template_specification"],
];

/** `$Default`, which never moves by itself, is what counts where nothing is said. */
const floating = (block: Block): Hit[] =>
  TEMPLATES.flatMap((path) => within(block, ...path))
    .filter(({ body }) => /^\$(Latest|Default)$/.test(text(body.version, "$Default") ?? ""))
    .map((at) => hit(block, at, "version"));

function withoutSessionTokens(block: Block): Hit[] {
  if (absent(block, "metadata_options")) return [lacks(block, "metadata_options")];
  return within(block, "metadata_options")
    .filter(({ body }) => text(body.http_endpoint, "enabled") === "enabled")
    .filter(({ body }) => text(body.http_tokens, "optional") === "optional")
    .map((at) => hit(block, at, "http_tokens"));
}

/** What runs, and which version of it. */
export const versions = theme("versions", [
  {
    id: "unpinned-image",
    why: "Nobody can tell which release :latest is, two tasks of one service may run two, and a rollback changes nothing.",
    source: "ECS guide, Container image best practices",
    mend: "Name a digest, or a tag that is the release's or the environment's.",
    find: (stack) => [
      ...containersOf(stack)
        .filter(({ body }) => isUnpinned(body.image))
        .map(({ block, path, body }) => ({
          address: block.address,
          path: `${path}.image`,
          value: body.image,
        })),
      ...argument(["aws_lambda_function"], "image_uri", isUnpinned)(stack),
    ],
  },
  {
    id: "mutable-image-tags",
    why: "In a repository whose tags can be pushed over, the image that was tested need not be the one that runs.",
    source: "AWS Security Hub ECR.2",
    mend: "Set image_tag_mutability = IMMUTABLE, or IMMUTABLE_WITH_EXCLUSION for the tags that promote.",
    find: argument(["aws_ecr_repository"], "image_tag_mutability", (value) =>
      /^MUTABLE/.test(text(value, "MUTABLE") ?? ""),
    ),
  },
  {
    id: "floating-launch-template",
    why: "Terraform sees no change in $Latest or $Default: an instance refresh never starts, and old machines stay.",
    source: "Terraform AWS provider, aws_autoscaling_group: instance_refresh; seen in practice",
    mend: "Refer to the template's latest_version.",
    find: each(["aws_autoscaling_group", "aws_instance"], floating),
  },
  {
    id: "ami-of-anyone",
    why: "The newest image of a name, from any account, is whatever somebody published last.",
    source: "EC2 guide, Allowed AMIs; Datadog Security Labs, whoAMI",
    mend: 'Set owners (["amazon"]), or read the image\'s id from its public SSM parameter.',
    find: each(["data.aws_ami"], (block) =>
      truth(block.body.most_recent, false) === true &&
      absent(block, "owners") &&
      within(block, "filter").every(({ body }) => !/^(owner-|image-id)/.test(text(body.name) ?? "owner-"))
        ? [lacks(block, "owners")]
        : [],
    ),
  },
  {
    id: "imdsv2",
    why: "Without session tokens any request that a machine can be tricked into reads its role's credentials.",
    source: "AWS Security Hub EC2.8; EC2 guide, IMDSv2",
    mend: 'Set metadata_options { http_tokens = "required" }.',
    find: each(["aws_instance", "aws_launch_template", "aws_launch_configuration"], withoutSessionTokens),
  },
]);
