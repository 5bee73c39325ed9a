import { each, type Hit, hit, lacks, theme } from "../rule";
import { type Block, kindOf, type Stack } from "../stack";
import { isExpression, leaves, text, truth } from "../values";

/** Arguments that name another resource: whose name, and where that stands. */
const NAMES: Readonly<Record<string, readonly (readonly [type: string, key: string])[]>> = {
  autoscaling_group_name: [["aws_autoscaling_group", "name"]],
  bucket: [["aws_s3_bucket", "bucket"]],
  capacity_provider: [["aws_ecs_capacity_provider", "name"]],
  capacity_providers: [["aws_ecs_capacity_provider", "name"]],
  cluster: [["aws_ecs_cluster", "name"]],
  cluster_name: [["aws_ecs_cluster", "name"]],
  db_subnet_group_name: [["aws_db_subnet_group", "name"]],
  iam_instance_profile: [["aws_iam_instance_profile", "name"]],
  key_name: [["aws_key_pair", "key_name"]],
  log_group_name: [["aws_cloudwatch_log_group", "name"]],
  parameter_group_name: [
    ["aws_db_parameter_group", "name"],
    ["aws_elasticache_parameter_group", "name"],
  ],
  repository: [["aws_ecr_repository", "name"]],
  role: [["aws_iam_role", "name"]],
  subnet_group_name: [["aws_elasticache_subnet_group", "name"]],
};

function literalEdges(block: Block, stack: Stack): Hit[] {
  return leaves(block.body).flatMap(({ path, key, value }) => {
    const target = (NAMES[key] ?? [])
      .filter(([type]) => type !== block.type)
      .flatMap(([type, name]) => stack.all(type).filter(({ body }) => text(body[name], "") === value))[0];
    const broken = target !== undefined && value !== "" && !stack.reaches(block, target);
    return broken ? [{ address: block.address, path, value }] : [];
  });
}

/** Machines that join a cluster by its name: `ECS_CLUSTER=prod` in their user data. */
function literalCluster(block: Block, stack: Stack): Hit[] {
  const data = ["user_data", "user_data_base64"].map((key) => ({ key, value: block.body[key] }));
  return data.flatMap(({ key, value }) => {
    if (typeof value !== "string") return [];
    const script = isExpression(value) ? value : `${value}\n${Buffer.from(value, "base64").toString()}`;
    const name = /ECS_CLUSTER=["']?([\w-]+)/.exec(script)?.[1];
    const cluster = stack.all("aws_ecs_cluster").find(({ body }) => body.name === name);
    return cluster && !stack.reaches(block, cluster)
      ? [{ address: block.address, path: key, value: `ECS_CLUSTER=${name}` }]
      : [];
  });
}

/** Where the names stand that say whose a stack is. */
const IDENTITIES: readonly (readonly [type: string, key: string])[] = [
  ["aws_ecs_cluster", "name"],
  ["aws_db_instance", "identifier"],
  ["aws_rds_cluster", "cluster_identifier"],
  ["module", "name"],
];

/** Production beside what is not, in one state. A module call counts by its own name, too. */
function severalEnvironments(stack: Stack): Hit[] {
  const named = IDENTITIES.flatMap(([type, key]) =>
    stack.all(type).flatMap((block) => {
      const kinds = [text(block.body[key]), type === "module" ? block.name : undefined].map((name) =>
        name === undefined ? undefined : kindOf(name),
      );
      const kind = kinds.find((one) => one !== undefined);
      return kind ? [{ block, kind, key }] : [];
    }),
  );
  const production = named.find(({ kind }) => kind === "production");
  const other = named.find(({ kind }) => kind === "disposable");
  return production && other ? [hit(other.block, other.block, other.key)] : [];
}

/** What the graph does not see, and the states that hold it. */
export const edgesAndState = theme("edges and state", [
  {
    id: "literal-reference",
    why: "A name that is repeated is no edge: Terraform makes and destroys the two in any order, and a rename misses one.",
    source: "Terraform documentation, Resource dependencies; seen in practice",
    mend: "Refer to the other resource's attribute instead of repeating its name.",
    find: (stack) => [
      ...stack.blocks.filter(({ type }) => /^aws_/.test(type)).flatMap((block) => literalEdges(block, stack)),
      ...each(["aws_launch_template", "aws_instance", "aws_launch_configuration"], literalCluster)(stack),
    ],
  },
  {
    id: "several-environments-in-one-state",
    why: "One state is one plan and one lock: a change to staging waits for, shows, and can break production.",
    source: "AWS Prescriptive Guidance, Terraform: backend best practices; seen in practice",
    mend: "Give each environment a stack and a backend key of its own.",
    find: severalEnvironments,
  },
  {
    id: "state-encryption",
    why: "A state holds all that Terraform knows, readable to whoever reads the object.",
    source: "Terraform documentation, Backend s3: encrypt",
    mend: "Set encrypt = true on the S3 backend.",
    find: each(["backend"], (block) =>
      block.name === "s3" && truth(block.body.encrypt, false) === false ? [hit(block, block, "encrypt")] : [],
    ),
  },
  {
    id: "state-lock",
    why: "Two applies at once on a state without a lock leave one that matches neither.",
    source: "Terraform documentation, Backend s3: state locking; seen in practice",
    mend: "Set use_lockfile = true on the S3 backend (Terraform and OpenTofu 1.10).",
    find: each(["backend"], (block) =>
      block.name === "s3" &&
      truth(block.body.use_lockfile, false) === false &&
      block.body.dynamodb_table === undefined
        ? [lacks(block, "use_lockfile")]
        : [],
    ),
  },
]);

/** A file below the stack's own folder is no other stack's; CDKTF puts the folders side by side. */
const isOwnFolder = ({ name, body }: Block, key: string) =>
  name === "local" && !/^(\/|\.\.\/)/.test(String(body[key]));

/** Two stacks whose states are one. */
export const sharedState = {
  id: "shared-state",
  theme: "edges and state",
  why: "Two stacks that write one state destroy each other: each plan removes what the other made.",
  source: "Terraform documentation, Backend s3: key",
  mend: "Give each stack a key (a path, a workspace) of its own.",
  find: (stacks: readonly Stack[]) => {
    const seen = new Set<string>();
    return stacks.flatMap((stack) =>
      stack.all("backend").flatMap((block) => {
        const key = ["key", "path", "prefix"].find((one) => text(block.body[one]) !== undefined);
        if (key === undefined || isExpression(block.body.bucket) || isOwnFolder(block, key)) return [];
        const place = JSON.stringify([block.name, block.body.bucket, block.body[key]]);
        const taken = seen.has(place);
        seen.add(place);
        return taken ? [{ stack, ...hit(block, block, key) }] : [];
      }),
    );
  },
} as const;
