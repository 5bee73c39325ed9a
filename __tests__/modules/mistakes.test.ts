import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { constructEnvironments } from "../../modules/app";
import type { EnvironmentProps } from "../../modules/environment";
import { resolve } from "../../modules/environment/resolve";
import type { Project } from "../../modules/stack";
import { ConfigurationError } from "../../modules/mistakes";
import { but, butWeb, existing, least, type ServiceProps, web } from "./support/least";
import { filesOf, newApp } from "./support/synthesize";

/** What a person may write, whether the types allow it or not. */
type Anything = Record<string, unknown>;

const report = (files: Record<string, EnvironmentProps>, project: Partial<Project> = {}): string => {
  try {
    constructEnvironments(newApp(), filesOf(files), { project: "app", ...project });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return "no mistakes";
};

const mistakesIn = (props: Anything, name = "staging") =>
  resolve({ ...least, ...props } as EnvironmentProps, name).mistakes.map(
    ({ path, message }) => `${path}: ${message}`,
  );

const service = (own: Anything) => ({ services: { web: { ...web, ...own } as ServiceProps } });
const capacity = (own: Anything) => ({
  cluster: { capacity: { spot: { instanceTypes: ["t3.large"], ...own } } },
});
const ssh = { cidrs: ["198.51.100.7/32"], publicKey: "ssh-ed25519 AAAA someone" };

/** What is written, where the mistake is, and what the message must say: the value, the rule, the way out. */
type Row = [what: string, props: Anything, path: string, ...said: string[]];
const rows: readonly Row[] = [
  ["an empty name", { name: "" }, "staging", "is empty", "2 to 24 characters"],
  ["a name in upper case", { name: "Staging" }, "Staging", '"Staging" has upper case', 'write "staging"'],
  ["a long name", { name: "a".repeat(25) }, "a".repeat(25), "is 25 characters long", "2 to 24"],
  ["a name of AWS", { name: "aws-one" }, "aws-one", '"aws-one"', 'starts with "aws"', "choose another"],
  ["a name of ECS", { name: "ecs-one" }, "ecs-one", '"ecs-one"', "choose another"],
  ["a name of Fargate", { name: "fargate-one" }, "fargate-one", '"fargate-one"', "choose another"],
  ["a reserved name", { name: "default" }, "default", '"default" is reserved', "a Terraform workspace"],
  [
    "an account of eleven digits",
    { account: "12345678901" },
    "staging.account",
    '"12345678901" is no AWS account',
    "twelve digits",
  ],
  ["an account as a number", { account: 123456789012 }, "staging.account", 'write "123456789012"'],
  [
    "an account that begins with 0, as a number",
    { account: 12345678901 },
    "staging.account",
    '"012345678901"',
  ],
  [
    "an account as the console shows it",
    { account: "1234-5678-9012" },
    "staging.account",
    'write "123456789012"',
  ],
  ["no region", { region: undefined }, "staging.region", "is missing"],
  ["an unknown region", { region: "us-west" }, "staging.region", '"us-west"', "there are", "us-west-2"],
  [
    "host bits in a CIDR",
    { network: { cidr: "10.1.2.3/16" } },
    "staging.network.cidr",
    '"10.1.2.3/16" is not canonical',
    'write "10.1.0.0/16"',
  ],
  ["the same, in short", { network: "10.1.2.3/16" }, "staging.network.cidr", 'write "10.1.0.0/16"'],
  ["no CIDR", { network: { cidr: "ten" } }, "staging.network.cidr", '"ten"', "10.42.0.0/16"],
  [
    "a CIDR too small for its subnets",
    { network: { cidr: "10.0.0.0/23" } },
    "staging.network.cidr",
    '"10.0.0.0/23" is too small',
    "/16 to /22",
  ],
  [
    "a CIDR too large for a VPC",
    { network: { cidr: "10.0.0.0/8" } },
    "staging.network.cidr",
    '"10.0.0.0/8" is larger',
    "/16 to /22",
  ],
  [
    "an unknown zone",
    { network: { zones: ["us-west-2a", "us-west-x"] } },
    "staging.network.zones.1",
    '"us-west-x" is no zone of us-west-2',
    "us-west-2c",
  ],
  [
    "a zone of another region",
    { network: { zones: ["us-west-2a", "eu-west-1a"] } },
    "staging.network.zones.1",
    '"eu-west-1a"',
    "us-west-2b",
  ],
  [
    "a zone twice",
    { network: { zones: ["us-west-2a", "us-west-2a"] } },
    "staging.network.zones.1",
    '"us-west-2a" is named twice',
  ],
  [
    "more zones than there are",
    { region: "us-west-1", network: { zones: 3 } },
    "staging.network.zones",
    "3 zones are asked for",
    "us-west-1 has 2",
    "us-west-1c",
  ],
  ["four zones", { network: { zones: 4 } }, "staging.network.zones", "4 is neither 2, 3"],
  ["a NAT that is none", { network: { nat: "two" } }, "staging.network.nat", '"two"', '"per-zone"'],
  [
    "a VPC that is none",
    { network: { ...existing, vpc: "staging" } },
    "staging.network.vpc",
    '"staging" is no id of a VPC',
    "vpc-0123456789abcdef0",
  ],
  [
    "subnets without their VPC",
    { network: { subnets: existing.subnets } },
    "staging.network.vpc",
    "is missing",
  ],
  ["a VPC without subnets", { network: { vpc: existing.vpc } }, "staging.network.subnets", "is missing"],
  [
    "one subnet alone",
    { network: { ...existing, subnets: { private: ["subnet-0000000000000000a"] } } },
    "staging.network.subnets.private",
    "too few",
    "two zones",
  ],
  [
    "a subnet twice",
    {
      network: {
        ...existing,
        subnets: { ...existing.subnets, database: ["subnet-00000000", "subnet-00000000"] },
      },
    },
    "staging.network.subnets.database.1",
    '"subnet-00000000" is named twice',
  ],
  [
    "a private subnet that is public",
    { network: { ...existing, subnets: { ...existing.subnets, public: existing.subnets.private } } },
    "staging.network.subnets.private",
    '"subnet-0000000000000000a" stands among the public ones, too',
  ],
  [
    "SSH without public subnets to live in",
    {
      network: existing,
      bastion: {
        ssh: { cidrs: ["203.0.113.7/32"], publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB one" },
      },
    },
    "staging.network.subnets.public",
    "is missing",
    "leave bastion.ssh out",
  ],
  ...["nat", "endpoints", "zones", "cidr", "peering"].map(
    (option): [string, Anything, string, ...string[]] => [
      `${option} of a VPC that is there`,
      { network: { ...existing, [option]: false } },
      `staging.network.${option}`,
      "about a VPC that the environment makes",
      "leave it out",
    ],
  ),
  [
    "no NAT, and too few endpoints",
    { network: { nat: false, endpoints: ["logs"] } },
    "staging.network.endpoints",
    "ecr.api",
    "say true",
  ],
  [
    "an instance class that is none",
    { database: "t4g.micro" },
    "staging.database.instanceClass",
    '"t4g.micro"',
    "db.t4g.micro",
  ],
  [
    "a replica without backups",
    { database: { replicas: 1, backupDays: 0 } },
    "staging.database.backupDays",
    "0 leaves nothing to make a replica from",
    "replicas: 0",
  ],
  ["two replicas", { database: { replicas: 2 } }, "staging.database.replicas", "2 is none of 0, 1"],
  [
    "a variable that is the replica's",
    { database: { replicas: 1 }, ...service({ config: { PGHOST_REPLICA: "here" } }) },
    "staging.services.web.config",
    '"PGHOST_REPLICA" stands in the database\'s own variables, too',
  ],
  [
    "a URL that may hold a password",
    { database: { url: "postgres://app:secret@db.example.com/app" } },
    "staging.database.url",
    "is written by a person, not here",
    'url: "external"',
  ],
  [
    "a second URL that may hold a password",
    { database: { also: "postgres://app:secret@db.example.com/app" } },
    "staging.database.also",
    "is written by a person, not here",
    'also: "external"',
  ],
  [
    "the use of a second database that there is not",
    { database: { use: "external" } },
    "staging.database.use",
    "is a database that there is not",
    'also: "external"',
  ],
  [
    "a second database beside one that is elsewhere",
    { database: { url: "external", also: "external" } },
    "staging.database.also",
    "about a database that the environment makes",
    "leave it out",
  ],
  [
    "a service that reads PG* variables alone, of two databases",
    { database: { also: "external" }, services: { web: { ...web, database: true } } },
    "staging.services.web.database.urls",
    "has its URL alone to give, no PG* variables",
    'database: ["DATABASE_URL"]',
  ],
  [
    "a command that reads what a database elsewhere does not give",
    {
      database: { url: "external" },
      services: {
        web: {
          ...web,
          secrets: ["PGPASSWORD"],
          schedules: {
            nightly: {
              expression: "rate(1 day)",
              command: ["sh", "-c", 'PGOPTIONS= psql -h "$PGHOST" -U ${PGUSER} # $PGPASSWORD'],
            },
          },
        },
      },
    },
    "staging.services.web.schedules.nightly.command",
    "reads $PGHOST, $PGUSER, and a database that is elsewhere has its URL alone to give",
    'psql "$DATABASE_URL"',
  ],
  [
    "migrations that read what one of two databases does not give",
    {
      database: { also: "external" },
      services: {
        web: { ...web, database: ["DATABASE_URL"], migrations: ["sh", "-c", "migrate -h $PGHOST"] },
      },
    },
    "staging.services.web.migrations",
    "reads $PGHOST, and a database that is elsewhere",
    "docs/database.md",
  ],
  [
    "a schema of one of two databases",
    {
      database: { also: "external", logins: true },
      services: { web: { ...web, database: { schema: "shop", urls: ["POSTGRES_URL"] } } },
    },
    "staging.services.web.database.schema",
    '"shop" is a schema of the environment\'s own database',
    "Leave it out while there are two",
  ],
  [
    "a size of a database that is elsewhere",
    { database: { url: "external", storage: 50 } },
    "staging.database.storage",
    "about a database that the environment makes",
    "leave it out",
  ],
  [
    "a version of a database that is elsewhere that is none",
    { database: { url: "external", engineVersion: "postgres 15" } },
    "staging.database.engineVersion",
    '"postgres 15" is no version of Postgres',
  ],
  [
    "a secret that is the URL's variable already",
    {
      database: { url: "external" },
      services: { web: { ...web, database: true, secrets: ["DATABASE_URL"] } },
    },
    "staging.services.web.secrets",
    '"DATABASE_URL" stands in database.urls, too',
  ],
  [
    "an engine version that is none",
    { database: { engineVersion: "17.0.1" } },
    "staging.database.engineVersion",
    '"17.0.1"',
    "14, 15, 16, 17",
  ],
  [
    "a version that RDS never had",
    { database: { engineVersion: "12" } },
    "staging.database.engineVersion",
    '"12"',
    "17",
  ],
  [
    "a database name with a hyphen",
    { database: { name: "my-app" } },
    "staging.database.name",
    '"my-app"',
    "a-z, 0-9 and _",
  ],
  [
    "the user that everybody guesses",
    { database: { username: "postgres" } },
    "staging.database.username",
    '"postgres"',
    "choose another",
  ],
  ["too little storage", { database: { storage: 5 } }, "staging.database.storage", "5 is below", "20"],
  [
    "a storage limit below the storage",
    { database: { storage: 100, maxStorage: 50 } },
    "staging.database.maxStorage",
    "50",
    "(100)",
    "raise it, or say false",
  ],
  [
    "backups of two months",
    { database: { backupDays: 60 } },
    "staging.database.backupDays",
    "60 is above",
    "35",
  ],
  [
    "an option that is none",
    { database: { storrage: 30 } },
    "staging.database",
    '"storrage"',
    "there are",
    "storage",
  ],
  [
    "an instance type that is none",
    capacity({ instanceTypes: ["t3"] }),
    "staging.cluster.capacity.spot.instanceTypes.0",
    '"t3"',
    "there are t3a.medium",
  ],
  [
    "two processors in one provider",
    capacity({ instanceTypes: ["t3.large", "t4g.large"] }),
    "staging.cluster.capacity.spot.instanceTypes",
    "t3.large, t4g.large",
    "make two providers",
  ],
  [
    "more instances at least than at most",
    capacity({ min: 3, max: 2 }),
    "staging.cluster.capacity.spot.min",
    "3 is more than max, 2",
    "raise max",
  ],
  [
    "a provider of AWS's name",
    { cluster: { capacity: { "ecs-spot": { instanceTypes: ["t3.large"] } } } },
    "staging.cluster.capacity.ecs-spot",
    "aws, ecs or fargate",
    "choose another",
  ],
  [
    "a provider in upper case",
    { cluster: { capacity: { Spot: { instanceTypes: ["t3.large"] } } } },
    "staging.cluster.capacity.Spot",
    '"Spot"',
    "a-z",
  ],
  [
    "no instance type",
    capacity({ instanceTypes: [] }),
    "staging.cluster.capacity.spot.instanceTypes",
    "[] is empty",
    "name at least one",
  ],
  [
    "an image that is none",
    { cluster: { image: "newest" } },
    "staging.cluster.image",
    '"newest"',
    '"tracked"',
  ],
  [
    "SSH for nobody",
    { bastion: { ssh: { ...ssh, cidrs: [] } } },
    "staging.bastion.ssh.cidrs",
    "[] is empty",
    "leave ssh out",
  ],
  [
    "a domain without a zone",
    { distribution: { domain: { names: ["app.example.com"] } } },
    "staging.distribution.domain.zone",
    "is missing",
  ],
  [
    "a domain outside of its zone",
    { distribution: { domain: { names: ["app.example.org"], zone: "example.com" } } },
    "staging.distribution.domain.names.0",
    '"app.example.org"',
    '"example.com"',
    "name the zone",
  ],
  [
    "a domain elsewhere, without a certificate",
    { distribution: { domain: { names: ["app.example.com"], zone: false } } },
    "staging.distribution.domain.certificate",
    "is missing",
    "give its ARN",
  ],
  [
    "one certificate for two regions",
    {
      distribution: {
        domain: {
          names: ["app.example.com"],
          zone: false,
          certificate: "arn:aws:acm:us-east-1:123456789012:certificate/0a1b",
        },
      },
    },
    "staging.distribution.domain.certificate.loadBalancer",
    "is not in us-west-2",
    "ask ACM for the same names there",
  ],
  [
    "a certificate that is no ARN",
    { distribution: { domain: { names: ["app.example.com"], zone: false, certificate: "mine" } } },
    "staging.distribution.domain.certificate.cloudfront",
    "is no ARN of an ACM certificate",
  ],
  [
    "a cached path without its slash",
    { distribution: { cachedPaths: ["static"] } },
    "staging.distribution.cachedPaths.0",
    '"static" must start with "/"',
  ],
  [
    "a longer wait than CloudFront's",
    { distribution: { timeout: 90 } },
    "staging.distribution.timeout",
    "90 is above",
    "60",
  ],
  [
    "a repository by its address",
    { registry: "123456789012.dkr.ecr.us-west-2.amazonaws.com/team/app:v1" },
    "staging.registry.repository",
    "is an address at ECR",
    'write "team/app"',
  ],
  ["a repository in upper case", { registry: "App" }, "staging.registry.repository", '"App"', "a-z"],
  [
    "no repository",
    { registry: undefined },
    "staging.services.web.registry",
    "is missing",
    "name the ECR repository",
  ],
  ["a service in upper case", { services: { Web: web } }, "staging.services.Web", '"Web"', "a-z"],
  [
    "a service of a long name",
    { services: { ["w".repeat(33)]: web } },
    `staging.services.${"w".repeat(33)}`,
    "more than 32 characters",
  ],
  ["a port in quotes", service({ port: "8080" }), "staging.services.web.port", '"8080" is not a number'],
  [
    "a health path without its slash",
    service({ health: "health" }),
    "staging.services.web.health.path",
    '"health" must start with "/"',
  ],
  [
    "memory that does not go with cpu on Fargate",
    service({ capacity: "fargate", cpu: 256, memory: 4096 }),
    "staging.services.web.memory",
    "4096 MiB does not go with cpu 256",
    "512, 1024, 2048",
  ],
  [
    "a cpu that Fargate has not",
    service({ capacity: "fargate", cpu: 300 }),
    "staging.services.web.cpu",
    "300 is no Fargate size",
    "256, 512",
  ],
  [
    "memory beyond the instances",
    service({ memory: 32_000 }),
    "staging.services.web.memory",
    "32000 MiB",
    "t3.large",
    "larger instances",
  ],
  [
    "a capacity that is none",
    service({ capacity: "fast" }),
    "staging.services.web.capacity",
    '"fast"',
    "spot, fargate",
  ],
  [
    "a secret that is config, too",
    service({ config: { GOOGLE_CLIENT_ID: "x" } }),
    "staging.services.web.config",
    '"GOOGLE_CLIENT_ID" stands in secrets, too',
    "leave it in one place",
  ],
  ["a secret twice", service({ secrets: ["KEY", "KEY"] }), "staging.services.web.secrets", '"KEY"', "twice"],
  [
    "config that the database fills",
    service({ config: { PGHOST: "x" } }),
    "staging.services.web.config",
    '"PGHOST"',
    "leave it in one place",
  ],
  [
    "a variable that is none",
    service({ secrets: ["a-b"] }),
    "staging.services.web.secrets.0",
    '"a-b"',
    "letters, digits and _",
  ],
  [
    "more tasks at least than at most",
    service({ autoscaling: { min: 5, max: 2 } }),
    "staging.services.web.autoscaling.min",
    "5 is more than max, 2",
    "raise max",
  ],
  [
    "a host that is no domain",
    service({ hosts: ["api.example.com"] }),
    "staging.services.web.hosts.0",
    '"api.example.com"',
    "add it there",
  ],
  [
    "more paths than a rule holds",
    service({ paths: ["/1", "/2", "/3", "/4", "/5", "/6"] }),
    "staging.services.web.paths",
    "6 paths",
    "5",
  ],
  [
    "paths without a port",
    service({ port: undefined, paths: ["/x"] }),
    "staging.services.web.port",
    "is missing",
    "give the container's port",
  ],
  [
    "a schedule that is none",
    service({ schedules: { daily: { expression: "daily", command: ["x"] } } }),
    "staging.services.web.schedules.daily.expression",
    '"daily"',
    "cron(…)",
  ],
  [
    "a schedule of no minutes",
    service({ schedules: { idle: { expression: "rate(0 minutes)", command: ["x"] } } }),
    "staging.services.web.schedules.idle.expression",
    '"rate(0 minutes)"',
    "1 and more",
  ],
  [
    "days that CloudWatch has not",
    service({ logDays: 8 }),
    "staging.services.web.logDays",
    "8 is none of",
    "7, 14",
  ],
  [
    "every action of a service",
    service({ permissions: [{ sid: "All", actions: ["s3:*"], resources: ["arn:aws:s3:::b"] }] }),
    "staging.services.web.permissions.0.actions.0",
    '"s3:*"',
    "name the actions",
  ],
  [
    "every resource",
    service({ permissions: [{ sid: "All", actions: ["s3:GetObject"], resources: ["*"] }] }),
    "staging.services.web.permissions.0.resources.0",
    '"*"',
    "name the resources",
  ],
  [
    "every action by another name",
    service({ permissions: [{ sid: "All", actions: ["iam:?*"], resources: ["arn:aws:iam::1:role/x"] }] }),
    "staging.services.web.permissions.0.actions.0",
    '"iam:?*"',
    "name the actions",
  ],
  [
    "every resource by another name",
    service({ permissions: [{ sid: "All", actions: ["s3:GetObject"], resources: ["**", "arn:*"] }] }),
    "staging.services.web.permissions.0.resources.0",
    '"**" is everything',
    "name the resources",
  ],
  [
    "a resource that is no ARN",
    service({ permissions: [{ sid: "All", actions: ["s3:GetObject"], resources: ["arn:*", "uploads"] }] }),
    "staging.services.web.permissions.0.resources.1",
    '"uploads" is no ARN',
    "arn:aws:s3:::",
  ],
  [
    "two statements of one name",
    service({
      permissions: ["Read", "Read"].map((sid) => ({
        sid,
        actions: ["s3:GetObject"],
        resources: ["arn:aws:s3:::b/*"],
      })),
    }),
    "staging.services.web.permissions.1.sid",
    '"Read" is another statement\'s name already',
    "choose another",
  ],
  [
    "the name of the statement for ECS Exec",
    service({
      exec: true,
      permissions: [{ sid: "SessionChannels", actions: ["s3:GetObject"], resources: ["arn:aws:s3:::b/*"] }],
    }),
    "staging.services.web.permissions.0.sid",
    "choose another",
  ],
  [
    "a shell on a file system that cannot be written",
    service({ exec: true, readonlyRootFilesystem: true }),
    "staging.services.web.exec",
    "readonlyRootFilesystem forbids",
    "leave one of them out",
  ],
  [
    "a database parameter that is none",
    { database: { parameters: { "x; y": "1" } } },
    "staging.database.parameters.x; y",
    '"x; y" is no name of a Postgres parameter',
    "work_mem",
  ],
  [
    "a path longer than a load balancer takes",
    service({ paths: [`/${"x".repeat(128)}`] }),
    "staging.services.web.paths.0",
    "longer than the 128 characters",
    "shorten it with *",
  ],
  [
    "a path of other characters",
    service({ paths: ["/ünder ground"] }),
    "staging.services.web.paths.0",
    '"/ünder ground"',
    "letters, digits",
  ],
  ...["127.0.0.0/16", "169.254.0.0/16", "224.0.0.0/16", "8.8.0.0/16", "172.48.0.0/16"].map(
    (cidr): Row => [
      `${cidr}, which is not private`,
      { network: { cidr } },
      "staging.network.cidr",
      `"${cidr}" is not private`,
      "192.168.0.0/16",
    ],
  ),
  ["a key that is none", { encryption: "kms" }, "staging.encryption", '"kms" is none of', '"own"'],
  [
    "flows of no kind",
    { network: { flowLogs: { traffic: "ACCEPT" } } },
    "staging.network.flowLogs.traffic",
    '"ACCEPT" is none of',
    '"rejected", "all"',
  ],
  [
    "Docker's own addresses",
    { network: { cidr: "172.17.128.0/20" } },
    "staging.network.cidr",
    "overlaps 172.17.0.0/16",
    "give others",
  ],
  [
    "two services on one path",
    { services: { web, api: { ...web, health: "/api" } } },
    "staging.services.api.paths",
    '"/*"',
    '"web"',
    "its own paths or hosts",
  ],
  [
    "a database URL without a database",
    { database: false },
    "staging.services.web.database.urls",
    "POSTGRES_URL, GOOSE_DBSTRING",
  ],
  [
    "a port that nobody serves",
    { distribution: false },
    "staging.services.web.port",
    "8080",
    "leave one of them out",
  ],
  [
    "a variable that JavaScript keeps for itself",
    service({ config: { ["__proto__"]: "x" } }),
    "staging.services.web.config.__proto__",
    '"__proto__" is a name that JavaScript keeps for itself',
    "choose another",
  ],
  [
    "a variable that every object has",
    service({ config: { constructor: "x" } }),
    "staging.services.web.config.constructor",
    "choose another",
  ],
  [
    "a service that became a prototype",
    { services: { web, __proto__: { port: 80 } } },
    "staging.services.__proto__",
    "would be lost",
  ],
  [
    "a use that is none",
    service({ uses: { files: "efs" } }),
    "staging.services.web.uses.files",
    '"efs" is nothing that a service can use',
    '"bucket", "queue", "valkey"',
  ],
  [
    "a use without its kind",
    service({ uses: { files: { versionDays: 3 } } }),
    "staging.services.web.uses.files",
    "there are",
    '"bucket"',
  ],
  [
    "an option that a queue has not",
    service({ uses: { jobs: { type: "queue", nodeType: "x" } } }),
    "staging.services.web.uses.jobs",
    'has no option "nodeType"',
    "visibilityTimeout",
  ],
  [
    "a use in upper case",
    service({ uses: { Jobs: "queue" } }),
    "staging.services.web.uses.Jobs",
    '"Jobs"',
    "a-z",
  ],
  [
    "a use of the access logs' name",
    service({ uses: { "access-logs": "bucket" } }),
    "staging.services.web.uses.access-logs",
    '"access-logs"',
    "choose another",
  ],
  [
    "a node type that is none",
    service({ uses: { cache: { type: "valkey", nodeType: "t4g.micro" } } }),
    "staging.services.web.uses.cache.nodeType",
    '"t4g.micro" is no node type',
    "cache.t4g.micro",
  ],
  [
    "a version that Valkey has not",
    service({ uses: { cache: { type: "valkey", version: "6.2" } } }),
    "staging.services.web.uses.cache.version",
    '"6.2"',
    "7.2 and 8.x",
  ],
  [
    "messages that wait for a month",
    service({ uses: { jobs: { type: "queue", retentionDays: 30 } } }),
    "staging.services.web.uses.jobs.retentionDays",
    "30 is above",
    "14",
  ],
  [
    "a variable of config that a use fills",
    service({ uses: { jobs: "queue" }, config: { JOBS_QUEUE_URL: "x" } }),
    "staging.services.web.config",
    '"JOBS_QUEUE_URL" stands in uses, too',
    "leave it in one place",
  ],
  [
    "one name for two kinds",
    { services: { web: { ...web, uses: { jobs: "queue" } }, worker: { uses: { jobs: "bucket" } } } },
    "staging.services.worker.uses.jobs.type",
    '"bucket" is not what "web" says of the same jobs, "queue"',
    "say it in one of them",
  ],
  [
    "one queue of two timeouts",
    {
      services: {
        web: { ...web, uses: { jobs: { type: "queue", visibilityTimeout: 10 } } },
        worker: { uses: { jobs: { type: "queue", visibilityTimeout: 20 } } },
      },
    },
    "staging.services.worker.uses.jobs.visibilityTimeout",
    '20 is not what "web" says of the same jobs, 10',
  ],
  [
    "a queue without NAT and without its endpoint",
    {
      network: {
        nat: false,
        endpoints: ["ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry", "logs", "ssm", "ssmmessages"],
      },
      services: { web: { ...web, uses: { jobs: "queue" } } },
    },
    "staging.network.endpoints",
    "sqs is missing",
  ],
  [
    "an internal service without a port",
    { services: { web, api: { internal: true } } },
    "staging.services.api.port",
    "is missing, and the service is internal",
  ],
  [
    "an internal service with paths",
    { services: { web, api: { port: 1, internal: true, paths: ["/api/*"] } } },
    "staging.services.api.internal",
    "leave them out",
  ],
  [
    "the address of a service that is none",
    service({ config: { API: "$SERVICE_URL(api)" } }),
    "staging.services.web.config.API",
    "$SERVICE_URL(api) names no internal service",
    "there are none",
  ],
  [
    "the address of a service that is not internal",
    {
      services: {
        web: { ...web, config: { API: "$SERVICE_URL(web)", MAIL: "$SERVICE_URL" } },
        mail: { port: 25, internal: true },
      },
    },
    "staging.services.web.config.API",
    "$SERVICE_URL(web) names no internal service; there are mail",
    "internal: true",
  ],
  [
    "the load balancer between services",
    { name: "qa-between-services" },
    "qa-between-services",
    "ends like the load balancer between services",
    "choose another",
  ],
  ["a part that is nothing", { cluster: null }, "staging.cluster", "null is not an object"],
];

describe("a mistake", () => {
  test.each(rows)("is told with its path, its value and the way out: %s", (_, props, path, ...said) => {
    const found = mistakesIn(props).filter((mistake) => mistake.startsWith(`${path}: `));
    expect(found, mistakesIn(props).join("\n") || "no mistakes").not.toEqual([]);
    for (const words of said) expect(found.join("\n")).toContain(words);
  });

  test("never reaches the reader as the schema library's own words", () => {
    for (const [, props] of rows) {
      expect(mistakesIn(props).join("\n")).not.toMatch(/Invalid|Too (small|big)|must match pattern|expected/);
    }
  });

  test("about a pasted key does not print it: it may be the private one", () => {
    const publicKey = "-----BEGIN OPENSSH PRIVATE KEY----- b3BlbnNzaC1rZXk";
    const found = mistakesIn({ bastion: { ssh: { ...ssh, publicKey } } });
    expect(found).toEqual([
      expect.stringContaining("staging.bastion.ssh.publicKey: is no OpenSSH public key"),
    ]);
    expect(found.join()).not.toContain("b3BlbnNzaC1rZXk");
  });
});

describe("a report", () => {
  test("holds the mistakes of all files and of each file", () => {
    const text = report({
      staging: but({ name: "Staging", region: "us-west" }),
      prod: butWeb({ port: 0, memory: 1 }),
    });
    expect(text).toContain("4 mistakes in the configuration, nothing was written");
    for (const path of [
      "Staging: ",
      "Staging.region: ",
      "prod.services.web.port: ",
      "prod.services.web.memory: ",
    ])
      expect(text).toContain(`\n  ${path}`);
  });

  test("holds what options say of each other beside what is wrong by itself", () => {
    const text = report({
      staging: but({
        region: "us-west",
        cluster: { capacity: { spot: { instanceTypes: ["t3.large"], min: 5, max: 2 } } },
        services: {
          web: { ...web, health: "up" },
          api: { port: 1, capacity: "fargate", cpu: 512, memory: 512 },
        },
      }),
    });
    expect(text).toContain("4 mistakes in the configuration");
    for (const path of [
      "region",
      "cluster.capacity.spot.min",
      "services.web.health.path",
      "services.api.memory",
    ])
      expect(text).toContain(`\n  staging.${path}: `);
  });

  test("says once which instance types are too small", () => {
    const instanceTypes = ["t3.nano", "t3.micro", "t3.large"];
    const text = report({
      staging: but({
        cluster: { capacity: { spot: { instanceTypes } } },
        services: { web: { ...web, memory: 1024 } },
      }),
    });
    expect(text).toContain("1 mistake in the configuration");
    expect(text).toContain(
      "never fit on spot's t3.nano (412 MiB, cpu 2048), t3.micro (924 MiB, cpu 2048); choose less",
    );
  });

  test("keeps a twentieth of larger instances for themselves: ECS would never place such a task", () => {
    const on = (memory: number) =>
      report({
        staging: but({
          cluster: { capacity: { spot: { instanceTypes: ["m7a.large"] } } },
          services: { web: { ...web, memory } },
        }),
      });
    expect(on(8050)).toContain("never fit on spot's m7a.large (7782 MiB, cpu 2048); choose less");
    expect(on(7782)).toBe("no mistakes");
  });

  test("of two environments of one name names both files", () => {
    expect(report({ staging: least, other: but({ name: "staging" }) })).toContain(
      'staging.name: other.ts and staging.ts both make "staging"; rename one of them.',
    );
  });

  test("of an environment whose AWS names another's role could change asks for another name", () => {
    expect(report({ prod: least, "prod-eu": least })).toContain(
      'prod-eu.name: AWS names of this environment would begin with "prod-", and be taken for those of "prod", whose role may change them; rename one of the two: "prodeu" is apart.',
    );
    expect(report({ prod: least, prodeu: least, "eu-prod": least })).toBe("no mistakes");
  });

  test("does not blame an environment for naming a peer that has mistakes of its own", () => {
    const text = report({
      staging: but({ network: { peering: ["prod"] } }),
      prod: but({ region: "us-west" }),
    });
    expect(text).toContain("1 mistake in the configuration");
    expect(text).toContain("prod.region");
  });

  test("of one host name in two environments names both: CloudFront gives it to one", () => {
    const own = (names: string[]) => but({ distribution: { domain: { names, zone: "example.com" } } });
    const text = report({
      staging: own(["app.example.com", "app.example.com"]),
      qa: own(["app.example.com"]),
    });
    expect(text).toMatch(/staging\.distribution\.domain\.names\.1: "app\.example\.com" is named twice/);
    expect(text).toMatch(/\.distribution\.domain\.names\.0: "app\.example\.com" is "(qa|staging)"'s/);
  });

  test("of an environment without an account, where another names one", () => {
    const elsewhere = but({ account: "210987654321" });
    expect(report({ staging: least, prod: elsewhere })).toMatch(
      /1 mistake[\s\S]*staging\.account: is missing, and prod names 210987654321: name this one's, too, or in context of cdktf\.json/,
    );
    expect(report({ staging: least, prod: elsewhere }, { account: "123456789012" })).toBe("no mistakes");
  });

  const behind = (...names: string[]) => but({ after: names });

  test.each<[string, Record<string, EnvironmentProps>, string | RegExp]>([
    [
      "nobody",
      { prod: behind("production"), staging: least },
      /1 mistake.*\n\n {2}prod\.after: "production" is no other environment; there are staging\./,
    ],
    [
      "a mistyped one",
      { prod: behind("stagin"), staging: least },
      'prod.after: "stagin" is no other environment; did you mean "staging"?',
    ],
    ["itself", { prod: behind("prod") }, /prod\.after: "prod" is no other environment; there are none\./],
    [
      "one that comes after it",
      { prod: behind("staging"), staging: behind("qa"), qa: behind("prod"), dev: behind("qa") },
      /3 mistakes[\s\S]*prod\.after: "prod" would come after itself, by way of staging, qa: none could be the first\./,
    ],
    [
      "three in a row",
      { prod: behind("staging"), staging: behind("qa"), qa: behind("dev"), dev: least },
      /1 mistake.*\n\n {2}prod\.after: makes a row of 4, and CI applies 3 behind each other/,
    ],
    [
      "a number",
      { prod: but({ after: 7 as never }) },
      "prod.after: 7 is no name of an environment, and no list of such.",
    ],
    [
      "two, one of them after the other",
      { prod: behind("staging", "qa"), staging: behind("qa"), qa: least },
      "no mistakes",
    ],
  ])("of an environment after %s", (_, files, said) => {
    expect(report(files)).toMatch(said);
  });

  test("of peers whose addresses overlap names both", () => {
    const text = report({
      staging: but({ network: { cidr: "10.1.0.0/16", peering: ["prod"] } }),
      prod: but({ network: { cidr: "10.1.128.0/17" } }),
    });
    expect(text).toContain('staging.network.cidr: 10.1.0.0/16 overlaps 10.1.128.0/17 of "prod"');
    expect(text).toContain("give one of them another cidr");
  });

  test("of overlapping addresses is empty where no peering is asked for", () => {
    const network = { cidr: "10.1.0.0/16" };
    expect(report({ staging: but({ network }), prod: but({ network }) })).toBe("no mistakes");
  });

  test.each([
    [["nowhere"], {}, '"nowhere" is no other environment; there are prod'],
    [["staging"], {}, '"staging" is no other environment'],
    [["prod"], { region: "eu-west-1" }, '"prod" is in eu-west-1, this one in us-west-2'],
    [["prod"], { network: existing }, `"prod" lives in ${existing.vpc}, which is not its own to route`],
  ])("of a peering with %j says why it cannot be", (peering, prod, said) => {
    const network = { cidr: "10.1.0.0/16", peering };
    const other = but({ network: { cidr: "10.2.0.0/16" }, ...prod });
    expect(report({ staging: but({ network }), prod: other })).toContain(said);
  });
});

test("no mistake shows a URL that was written where it does not belong", () => {
  const url = "postgres://app:hunter2@db.example.com/app";
  for (const database of [{ url }, { url, storage: 50 }, { url: [url] }])
    expect(mistakesIn({ database }).join("\n")).not.toContain("hunter2");
});

test("whatever is written, it is resolved or told, and never thrown", () => {
  const keys = [
    "network",
    "bastion",
    "database",
    "cluster",
    "distribution",
    "registry",
    "services",
    "preset",
    "name",
  ];
  const props = fc.dictionary(fc.constantFrom(...keys), fc.anything(), { maxKeys: 3 });
  fc.assert(
    fc.property(props, (written) => {
      const { mistakes, configuration } = resolve({ ...least, ...written } as EnvironmentProps, "staging");
      expect(mistakes.length > 0).toBe(configuration === undefined);
    }),
    { examples: [[{ preset: null }]] },
  );
});
