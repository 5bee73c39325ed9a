import type { Contract, ServiceContract } from "../../../modules/contract";
import { repositoryOf, SAMPLE, type Sample } from "../../../sandbox/api/sample";
import { ACCOUNT, type World } from "../../../sandbox/world";

export const BASTION = "i-0123456789abcdef0";
export const DATABASE = "staging";
export const DATABASE_LOGS = "/aws/rds/instance/staging/postgresql";

/** The contract of the sandbox's sample environment, as modules/contract has it. */
export function contractOf(sample: Sample = {}): Contract {
  const region = sample.region ?? SAMPLE.region;
  const logs = (prefix: string) => ({ group: SAMPLE.logGroup, prefix });
  const web: ServiceContract = {
    name: "web",
    service: SAMPLE.service,
    taskDefinition: SAMPLE.definition,
    container: "web",
    platform: sample.architecture === "ARM64" ? "linux/arm64" : "linux/amd64",
    image: {
      repository: repositoryOf(sample),
      tag: SAMPLE.tag,
      candidateTag: SAMPLE.candidate,
      ...(sample.ownRepository && { source: { repository: SAMPLE.repository, region, account: ACCOUNT } }),
    },
    capacity: [{ capacityProvider: sample.fargate ? "FARGATE" : SAMPLE.provider, weight: 1, base: 0 }],
    network: sample.fargate ? { subnets: ["subnet-1"], securityGroups: ["sg-1"] } : null,
    logs: logs("web"),
    secrets: { API_KEY: SAMPLE.secret },
    secretFolder: "/staging/service/web/",
    migration: {
      taskDefinition: SAMPLE.migration,
      container: "web",
      command: ["migrate", "up"],
      logs: logs("web-migration"),
    },
    schedules: { nightly: ["report", "--all"] },
  };
  const more = (sample.more ?? []).map((name) => ({ ...web, name, service: name, migration: null }));
  return {
    version: 1,
    environment: "staging",
    tags: { project: "app", environment: "staging", "managed-by": "slipway" },
    account: ACCOUNT,
    region,
    cluster: SAMPLE.cluster,
    url: "https://staging.example.com",
    roles: [`arn:aws:iam::${ACCOUNT}:role/staging-web`],
    services: [web, ...more],
    database: {
      host: "staging.abc.us-west-2.rds.amazonaws.com",
      port: 5432,
      name: "app",
      user: "app",
      password: "/staging/database/1/password",
      logs: [DATABASE_LOGS],
      instances: [DATABASE],
    },
    bastion: { instance: BASTION },
  };
}

/** Writes a parameter as an apply or a person would: version 1 is what the apply made. */
export function putParameter(world: World, name: string, value: string, version: number): Promise<void> {
  return world.change(() => {
    const found = world.find({ type: "aws_ssm_parameter", where: { name } });
    const region = SAMPLE.region;
    const arn = `arn:aws:ssm:${region}:${ACCOUNT}:parameter${name}`;
    world.put({
      type: "aws_ssm_parameter",
      region,
      id: name,
      origin: "terraform",
      ...(found?.sealed ? { sealed: { value_wo: world.vault.seal(value) } } : {}),
      attributes: found?.sealed
        ? { ...found.attributes, version }
        : { name, arn, type: "String", version, insecure_value: value },
    });
  });
}
