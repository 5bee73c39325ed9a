import type { Contract, ServiceContract } from "../../../modules/contract";

const ACCOUNT = "123456789012";
const REGION = "us-west-2";

export const definition = (family: string, revision = 1) =>
  `arn:aws:ecs:${REGION}:${ACCOUNT}:task-definition/${family}:${revision}`;

export function serviceContract(name: string, overrides: Partial<ServiceContract> = {}): ServiceContract {
  return {
    name,
    service: `staging-${name}`,
    taskDefinition: definition(`staging-${name}`),
    container: "app",
    platform: "linux/amd64",
    image: { repository: "shop", tag: "staging", candidateTag: "staging-candidate" },
    capacity: [{ capacityProvider: "staging-spot", weight: 1, base: 0 }],
    network: null,
    logs: { group: `/staging/${name}`, prefix: name },
    secrets: {},
    migration: null,
    ...overrides,
  };
}

/** The environment's own database, beside one that is elsewhere. */
export const bothDatabases = {
  host: "staging.db",
  port: 5432,
  name: "app",
  user: "app",
  password: "/staging/database/1/password",
  logs: [],
  also: { url: "/staging/database/url" },
};

/** One web service with a migration and a secret, on EC2. */
export function contract(overrides: Partial<Contract> = {}): Contract {
  return {
    version: 1,
    environment: "staging",
    account: ACCOUNT,
    region: REGION,
    cluster: "staging",
    url: "https://d111111abcdef8.cloudfront.net",
    roles: [`arn:aws:iam::${ACCOUNT}:role/staging-task`, `arn:aws:iam::${ACCOUNT}:role/staging-execution`],
    services: [
      serviceContract("web", {
        secrets: { POSTGRES_URL: "/staging/service/postgres-url" },
        migration: {
          taskDefinition: definition("staging-web-migration"),
          container: "app",
          command: ["goose", "-dir", "migrations", "up"],
          logs: { group: "/staging/migration", prefix: "migration" },
        },
      }),
    ],
    ...overrides,
  };
}
