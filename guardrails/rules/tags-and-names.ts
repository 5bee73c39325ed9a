import { type Hit, hit, lacks, theme } from "../rule";
import { type Block, isEnvironmentTag, type Stack } from "../stack";
import { absent, isExpression, leaves, text, within } from "../values";

const isOwnerTag = (key: string) =>
  /^(project|app|application|service|owner|team|product|cost-?cent(er|re))$/i.test(key.replace(/^.*:/, ""));

function untagged(provider: Block): Hit[] {
  if (absent(provider, "default_tags")) return [lacks(provider, "default_tags.tags")];
  const tags = within(provider, "default_tags");
  if (tags.length === 0 || tags.some(({ body }) => isExpression(body.tags))) return [];
  const keys = tags.flatMap(({ body }) => leaves(body.tags).map(({ key }) => key));
  return keys.some(isEnvironmentTag) && keys.some(isOwnerTag)
    ? []
    : [{ address: provider.address, path: "default_tags.tags", value: keys }];
}

/** Providers of AWS; one without a block of its own is asked for all the same. */
function withoutTags(stack: Stack): Hit[] {
  const providers = stack.all("provider").filter(({ name }) => name === "aws");
  const used = stack.blocks.some(({ type }) => type.startsWith("aws_"));
  if (providers.length === 0 && used) return [{ address: "provider.aws", path: "default_tags.tags" }];
  return providers.flatMap(untagged);
}

interface Limit {
  /** The argument that holds the name. */
  readonly key: string;
  readonly longest: number;
  /** The longest name_prefix, where Terraform takes one. */
  readonly prefix?: number;
  /** What AWS takes, and in words. */
  readonly pattern?: RegExp;
}

const balancer = { key: "name", longest: 32, prefix: 6, pattern: /^(?!internal-)(?!-)[A-Za-z0-9-]+(?<!-)$/ };
const database = { key: "identifier", longest: 63, pattern: /^[a-z](?!.*--)[a-z0-9-]*(?<!-)$/ };
const cluster = { ...database, key: "cluster_identifier" };
const provider = { key: "name", longest: 255, pattern: /^(?!aws|ecs|fargate)[\w-]+$/i };

/** Names that AWS refuses. Sources: the AWS service API references; the validation of hashicorp/aws 6. */
const limits: Readonly<Record<string, Limit>> = {
  aws_autoscaling_group: { key: "name", longest: 255 },
  aws_cloudfront_vpc_origin: { key: "vpc_origin_endpoint_config.name", longest: 64 },
  aws_cloudwatch_log_group: { key: "name", longest: 512, pattern: /^[\w/.#-]+$/ },
  aws_db_instance: database,
  aws_db_subnet_group: { key: "name", longest: 255, pattern: /^[a-z0-9 ._-]+$/ },
  aws_docdb_cluster: cluster,
  aws_ecr_repository: { key: "name", longest: 256, pattern: /^[a-z0-9]+([._/-][a-z0-9]+)*$/ },
  aws_ecs_capacity_provider: provider,
  aws_ecs_cluster: { key: "name", longest: 255, pattern: /^[\w-]+$/ },
  aws_ecs_service: { key: "name", longest: 255, pattern: /^[\w-]+$/ },
  aws_ecs_task_definition: { key: "family", longest: 255, pattern: /^[\w-]+$/ },
  aws_elasticache_replication_group: {
    key: "replication_group_id",
    longest: 40,
    pattern: /^[a-z][a-z0-9-]*$/i,
  },
  aws_iam_instance_profile: { key: "name", longest: 128, pattern: /^[\w+=,.@-]+$/ },
  aws_iam_policy: { key: "name", longest: 128, pattern: /^[\w+=,.@-]+$/ },
  aws_iam_role: { key: "name", longest: 64, prefix: 38, pattern: /^[\w+=,.@-]+$/ },
  aws_lambda_function: { key: "function_name", longest: 64, pattern: /^[\w-]+$/ },
  aws_launch_template: { key: "name", longest: 128, prefix: 99, pattern: /^[\w()./-]+$/ },
  aws_lb: balancer,
  aws_lb_target_group: balancer,
  aws_rds_cluster: cluster,
  aws_s3_bucket: { key: "bucket", longest: 63, pattern: /^(?!xn--)[a-z0-9][a-z0-9.-]+[a-z0-9]$/ },
  aws_security_group: { key: "name", longest: 255, pattern: /^(?!sg-)[\w ./()#,@[\]+=&;{}!$*:-]+$/ },
  aws_ssm_parameter: { key: "name", longest: 1011, pattern: /^(?!\/?(aws|ssm)(\/|$))[\w./-]+$/i },
};

/** What is certain of a name: its literal part, whatever its expressions turn out to be. */
const certain = (name: string) => name.replaceAll(/\$\{[^{}]*(\{[^{}]*\}[^{}]*)*\}/g, "");

function nameHits(stack: Stack, wrong: (name: string, limit: Limit, prefix: boolean) => boolean): Hit[] {
  return Object.entries(limits).flatMap(([type, limit]) =>
    stack.all(type).flatMap((block) => {
      const [argument = "", ...blocks] = limit.key.split(".").reverse();
      return within(block, ...blocks.reverse()).flatMap((at) =>
        [argument, `${argument}_prefix`]
          .filter((key, index) => typeof at.body[key] === "string" && wrong(at.body[key], limit, index === 1))
          .map((key) => hit(block, at, key)),
      );
    }),
  );
}

/** What a stack's things are called, and whose they are. */
export const tagsAndNames = theme("tags and names", [
  {
    id: "required-tags",
    why: "Without an environment and an owner on everything, nobody can tell what a bill or an alarm belongs to.",
    source: "AWS Whitepaper, Best Practices for Tagging AWS Resources",
    mend: "Set default_tags on the provider: environment, and one of project, app, service, owner, team.",
    find: withoutTags,
  },
  {
    id: "name-too-long",
    why: "AWS refuses the name, in the middle of the apply.",
    source: "The AWS service API references; for prefixes Terraform AWS provider",
    mend: "Shorten it: load balancers and target groups 32 (prefix 6), IAM roles 64, databases and buckets 63 characters.",
    find: (stack) =>
      nameHits(
        stack,
        (name, { longest, prefix = longest - 26 }, isPrefix) =>
          certain(name).length > (isPrefix ? prefix : longest),
      ),
  },
  {
    id: "name-characters",
    why: "AWS refuses the name, in the middle of the apply.",
    source: "The AWS service API references",
    mend: "Use lower-case letters, digits and hyphens, a letter first; no capacity provider may start with aws, ecs or fargate.",
    find: (stack) =>
      nameHits(stack, (name, { pattern }, isPrefix) => {
        const literal = text(name);
        // A prefix may end in what no whole name may end in.
        return literal !== undefined && pattern?.test(isPrefix ? `${literal}0` : literal) === false;
      }),
  },
]);
