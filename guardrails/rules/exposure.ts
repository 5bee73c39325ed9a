import { argument, each, type Hit, hit, lacks, theme } from "../rule";
import type { Block, Stack } from "../stack";
import { type At, absent, text, texts, truth, within } from "../values";

/** A range so wide that it is the internet, halves and quarters of it included. */
function isWorld(cidr: string): boolean {
  const [address = "", length = ""] = cidr.split("/");
  if (!/^\d+$/.test(length)) return false;
  return Number(length) < (address.includes(":") ? 16 : 8);
}

const RANGES = ["cidr_blocks", "ipv6_cidr_blocks", "cidr_ipv4", "cidr_ipv6"] as const;

const openRanges = (block: Block, at: At): Hit[] =>
  RANGES.filter((key) => texts(at.body[key]).some(isWorld)).map((key) => hit(block, at, key));

const isIngress = ({ type, body }: Block) =>
  type === "aws_vpc_security_group_ingress_rule" || text(body.type) === "ingress";

/** An internet gateway beside a destination that is the whole internet. */
const openIpv6 = (block: Block, at: At, destination: string): Hit[] =>
  /^igw-|\baws_internet_gateway\b/.test(String(at.body.gateway_id)) &&
  texts(at.body[destination]).some(isWorld)
    ? [hit(block, at, destination)]
    : [];

const publicAddress = (block: Block): Hit[] => {
  const places: [string, readonly At[]][] = [
    ["associate_public_ip_address", [block, ...within(block, "network_interfaces")]],
    ["map_public_ip_on_launch", [block]],
    ["assign_public_ip", within(block, "network_configuration")],
  ];
  return places.flatMap(([key, ats]) =>
    ats.filter(({ body }) => truth(body[key], false) === true).map((at) => hit(block, at, key)),
  );
};

const BLOCKS = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];

function openBucket(bucket: Block, stack: Stack): Hit[] {
  const { found, unsure } = stack.companions(bucket, "aws_s3_bucket_public_access_block", "bucket");
  if (found.length === 0) return unsure ? [] : [lacks(bucket)];
  return found.flatMap((block) =>
    BLOCKS.filter((key) => truth(block.body[key], false) === false).map((key) => hit(block, block, key)),
  );
}

/** What the internet can reach. */
export const exposure = theme("exposure", [
  {
    id: "open-ingress",
    why: "A security group that admits the whole internet leaves nothing but the service itself between it and everyone.",
    source: "AWS Security Hub EC2.18, EC2.19; seen in practice",
    mend: "Admit a security group or a managed prefix list (CloudFront's origin-facing one); where the internet is meant, suppress the rule and say what is served.",
    find: (stack) => [
      ...stack
        .all("aws_vpc_security_group_ingress_rule", "aws_security_group_rule")
        .filter(isIngress)
        .flatMap((block) => openRanges(block, block)),
      ...stack
        .all("aws_security_group", "aws_default_security_group")
        .flatMap((block) => within(block, "ingress").flatMap((at) => openRanges(block, at))),
    ],
  },
  {
    id: "open-ipv6-route",
    why: "Every IPv6 address is public: a route to an internet gateway lets everyone begin a connection to each of them.",
    source: "Amazon VPC user guide, Egress-only internet gateways",
    mend: "Lead IPv6 through an egress-only internet gateway, which lets connections out and none in.",
    find: (stack) => [
      ...stack.all("aws_route").flatMap((block) => openIpv6(block, block, "destination_ipv6_cidr_block")),
      ...stack
        .all("aws_route_table", "aws_default_route_table")
        .flatMap((block) => within(block, "route").flatMap((at) => openIpv6(block, at, "ipv6_cidr_block"))),
    ],
  },
  {
    id: "public-ip",
    why: "A machine or task with a public address is one security group rule away from the internet.",
    source: "AWS Security Hub EC2.9, EC2.15, ECS.2; seen in practice",
    mend: "Place it in a private subnet, reach out through NAT or VPC endpoints, and reach in through Session Manager.",
    find: (stack) => [
      ...stack
        .all(
          "aws_instance",
          "aws_launch_template",
          "aws_launch_configuration",
          "aws_subnet",
          "aws_ecs_service",
        )
        .flatMap(publicAddress),
      ...stack
        .all("aws_eip")
        .flatMap((block) => (absent(block, "instance") ? [] : [hit(block, block, "instance")])),
      ...stack
        .all("aws_eip_association")
        .flatMap((block) => (absent(block, "instance_id") ? [] : [lacks(block)])),
    ],
  },
  {
    id: "public-database",
    why: "A publicly accessible database answers logins from the internet as soon as one rule lets them in.",
    source: "AWS Security Hub RDS.2, Redshift.1, DMS.1",
    mend: "Set publicly_accessible = false; people reach it through a bastion or Session Manager.",
    find: argument(
      [
        "aws_db_instance",
        "aws_rds_cluster_instance",
        "aws_redshift_cluster",
        "aws_redshiftserverless_workgroup",
        "aws_dms_replication_instance",
        "aws_mq_broker",
      ],
      "publicly_accessible",
      (value) => truth(value, false) === true,
    ),
  },
  {
    id: "public-load-balancer",
    why: "A load balancer is internet-facing unless it says internal, and then passes by whatever stands in front of it: WAF, caching, sign-in.",
    source: "Elastic Load Balancing guide, Load balancer scheme",
    mend: "Set internal = true and put CloudFront before it with a VPC origin, or suppress the rule and say what is served.",
    find: argument(
      ["aws_lb", "aws_alb", "aws_elb"],
      "internal",
      (value, { body }) =>
        truth(value, false) === false &&
        /^(application|network)$/.test(text(body.load_balancer_type, "application") ?? ""),
    ),
  },
  {
    id: "s3-public-access",
    why: "Without all four blocks, one ACL or policy makes a bucket's objects public.",
    source: "AWS Security Hub S3.8",
    mend: "Add an aws_s3_bucket_public_access_block for the bucket, with all four arguments true.",
    find: each(["aws_s3_bucket"], openBucket),
  },
  {
    id: "s3-public-acl",
    why: "A public ACL gives every object of the bucket to everyone.",
    source: "AWS Security Hub S3.2, S3.3",
    mend: "Remove the acl; serve public files through CloudFront with origin access control.",
    find: argument(["aws_s3_bucket", "aws_s3_bucket_acl"], "acl", (value) =>
      /^(public-|authenticated-read)/.test(text(value) ?? ""),
    ),
  },
]);
