import { file } from "./file";

/** One environment per option that a person can switch, in one app: what the option says. */
const variants: Readonly<Record<string, string>> = {
  "nat-none": `network: { nat: false },`,
  "nat-per-zone": `network: { nat: "per-zone" },`,
  "nat-instance": `network: { nat: "instance" },`,
  "two-zones": `network: { zones: 2 },`,
  "named-zones": `network: { zones: ["us-west-2a", "us-west-2d"], cidr: "10.200.0.0/22" },`,
  ipv6: `network: { ipv6: true }, services: { web: { port: 8080 }, api: { port: 9000, paths: ["/api/*"], capacity: "fargate" } },`,
  "existing-vpc": `network: { vpc: "vpc-0123456789abcdef0", subnets: { private: ["subnet-0000000000000000a", "subnet-0000000000000000b"] } },`,
  "some-endpoints": `network: { endpoints: ["ecr.api", "ecr.dkr", "logs"] },`,
  "no-bastion": `bastion: false,`,
  "ssh-bastion": `bastion: { ssh: { cidrs: ["203.0.113.7/32"], publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5cYZgqfQ8bbWuUYVhIcQ3M0EzZrXk3Rw9B3Cq3m0dE someone" } },`,
  "no-database": `database: false,`,
  "external-database": `database: { url: "external", engineVersion: "15" },`,
  logins: `database: { logins: true, passwordVersion: 2 }, services: { web: { port: 8080, migrations: true, schedules: { nightly: { expression: "rate(1 day)", command: ["report"] } } }, billing: { capacity: "fargate", database: { schema: "billing", urls: ["DATABASE_URL"] } } },`,
  "two-databases": `database: { also: "external", use: "external", logins: true, passwordVersion: 2, replicas: 1 }, services: { web: { port: 8080, database: ["DATABASE_URL"], migrations: true, schedules: { nightly: { expression: "rate(1 day)", command: ["report"] } } }, worker: { capacity: "fargate", database: ["POSTGRES_URL"] }, stateless: { command: ["run"], database: false } },`,
  "own-logins-image": `network: { nat: false }, database: { logins: { image: "123456789012.dkr.ecr.us-west-2.amazonaws.com/postgres:17-alpine" } },`,
  "read-replica": `database: { replicas: 1, engineVersion: "16" },`,
  "large-database": `database: { instanceClass: "db.m7g.large", multiAz: true, engineVersion: "16.4", storage: 100, maxStorage: 200, parameters: { max_connections: 200, work_mem: "8192" }, finalSnapshot: true },`,
  "graviton-pinned": `cluster: { image: "ami-0123456789abcdef0", capacity: { arm: { instanceTypes: ["t4g.medium", "m7g.medium"] } } },`,
  "two-providers": `cluster: { capacity: { base: { instanceTypes: ["m7i.large"], base: 1 }, spot: { instanceTypes: ["m7i.large", "m6i.large"], spot: true, min: 0, weight: 3 } } },`,
  "no-distribution": `distribution: false, services: { jobs: { command: ["worker"] } },`,
  domain: `distribution: { domain: { names: ["app.example.com", "api.example.com"], zone: "example.com" } },`,
  "own-key": `encryption: "own", network: { flowLogs: { days: 7, traffic: "all" } },`,
  waf: `distribution: { waf: true },`,
  "access-logs": `distribution: { accessLogs: { days: 30 }, cachedPaths: ["/static/*"], priceClass: "PriceClass_All", timeout: 30 },`,
  "own-registry": `registry: { repository: "own/registry", create: true },`,
  "only-fargate": `cluster: { capacity: {} }, services: { web: { port: 8080, migrations: true } },`,
  "spot-fargate": `services: { web: { port: 8080, capacity: "fargate-spot", cpu: 512, memory: 1024, architecture: "ARM64" } },`,
  "two-services": `services: { web: { port: 8080 }, api: { port: 9090, paths: ["/api/*"], count: 2 } },`,
  "readonly-root": `services: { web: { port: 8080, migrations: true, readonlyRootFilesystem: true }, api: { port: 9090, paths: ["/api/*"], capacity: "fargate", readonlyRootFilesystem: true } },`,
  worker: `services: { web: { port: 8080 }, worker: { command: ["worker"], exec: true, count: 2 } },`,
  schedule: `services: { web: { port: 8080, schedules: { nightly: { expression: "cron(0 3 * * ? *)", command: ["report"] }, hourly: { expression: "rate(1 hour)", command: ["sync"] } } } },`,
  autoscaling: `services: { web: { port: 8080, autoscaling: { min: 1, max: 4 } } },`,
  permissions: `services: { web: { port: 8080, permissions: [{ sid: "Uploads", actions: ["s3:PutObject"], resources: ["arn:aws:s3:::uploads/*"] }] } },`,
  uses: `services: { web: { port: 8080, uses: { uploads: "bucket", jobs: { type: "queue", visibilityTimeout: 300 }, cache: { type: "valkey", replicas: 2 } } }, worker: { capacity: "fargate", uses: { jobs: "queue", cache: "valkey" } } },`,
  "queue-without-nat": `network: { nat: false }, services: { worker: { uses: { jobs: "queue", uploads: "bucket" } } },`,
  "between-services": `services: { web: { port: 8080, config: { API: "$SERVICE_URL(api)" } }, api: { port: 9000, internal: true, capacity: "fargate" } },`,
  "compute-move": `distribution: { domain: { names: ["moving.example.com"], zone: "example.com" }, cachedPaths: ["/static/*"] }, move: { from: { origin: "https://old.example.net:8443", domain: "moving.example.com" } },`,
  move: `move: { database: true }, database: { logins: true, passwordVersion: 2 }, services: { web: { port: 8080, migrations: true, database: ["DATABASE_URL"], schedules: { nightly: { expression: "rate(1 day)", command: ["report"] } } }, worker: { command: ["worker"], database: false, autoscaling: { min: 1, max: 4 } } },`,
  "whole-move": `distribution: { domain: { names: ["whole.example.com"], zone: "example.com" } }, move: { from: { origin: "https://old.example.net", domain: "whole.example.com", distribution: "E1A2B3C4D5E6F7" }, database: true }, services: { web: { port: 8080, migrations: true, database: ["DATABASE_URL"] }, worker: { command: ["worker"], database: ["DATABASE_URL"] } },`,
  "no-services": `services: {},`,
};

/** An environment of the other kind, with all that it can have. */
const APP_RUNNER = `
import { appRunner } from "../modules/app-runner";
export default appRunner({
  region: "us-west-2",
  registry: { repository: "growth/app", create: true },
  services: {
    web: {
      health: { path: "/health", interval: 10, failures: 3 },
      cpu: 512,
      memory: 1024,
      scaling: { min: 2, max: 4, concurrency: 50 },
      domain: "growth.example.com",
      config: { CALLBACK: "$URL/auth" },
      secrets: ["KEY"],
      database: ["DATABASE_URL"],
      migrations: true,
      permissions: [{ sid: "Uploads", actions: ["s3:PutObject"], resources: ["arn:aws:s3:::uploads/*"] }],
    },
    api: { port: 9000, database: ["DATABASE_URL"] },
    shop: {
      existing: { arn: "arn:aws:apprunner:us-west-2:123456789012:service/shop/8fe1e10304f84fd2b0df550fe98a71fa", tag: "latest" },
      database: ["DATABASE_URL"],
      migrations: true,
    },
  },
});
`;

/** The environment files of all variants, by file. */
export const variantFiles = (): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(variants).map(([name, option]) => [`${name}.ts`, file(option)])),
  "app-runner.ts": APP_RUNNER,
});
