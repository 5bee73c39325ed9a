import type { Service, Task } from "@aws-sdk/client-ecs";
import type { Contract, ServiceContract } from "../modules/contract";
import { isFollowing, type MoveState } from "../modules/contract/move";
import { databaseChecks } from "./database-checks";
import type { Check, CheckStatus } from "./events";
import {
  type Facts,
  groupKey,
  type ImageFacts,
  type ImageGroup,
  imageGroups,
  parameterName,
  type Reading,
  unfinished,
  type Wanted,
} from "./facts";
import type { Standing } from "./git";
import { reportedDigests, shortDigest } from "./image";
import { sameLogins, usersIn, wantedLogins } from "./logins";
import { isPlaceholder } from "./placeholder";
import { readStartedBy } from "./started-by";
import { taskId } from "./task-story";
import { DATABASES, loginOf, usedDatabase } from "./used-database";
import { rolloutUnderWay } from "./wait";

export interface CheckRequest {
  contract: Contract;
  /** The services to deploy, in the contract's order. */
  services: readonly ServiceContract[];
  wanted: Wanted;
  /** Whether a deployment in progress may be replaced: a rollback must not wait for what it undoes. */
  replace: boolean;
  /** Whether nothing is migrated. */
  skipMigrations?: boolean;
  /** How far the move of the database has come, where one moves. */
  moveState?: MoveState | undefined;
}

const SEVERITY: CheckStatus[] = ["ok", "warning", "busy", "failed"];

export const leaf = (name: string, status: CheckStatus, detail: string): Check => ({
  name,
  status,
  detail,
  children: [],
});
export const ok = (name: string, detail: string) => leaf(name, "ok", detail);
export const warning = (name: string, detail: string) => leaf(name, "warning", detail);
export const failed = (name: string, detail: string) => leaf(name, "failed", detail);

export function branch(name: string, children: Check[]): Check {
  return { name, status: worst(children), detail: "", children };
}

/** The status of the whole: `failed` before `busy` (somebody else is at work) before `warning`. */
export const worst = (checks: readonly Check[]): CheckStatus =>
  SEVERITY[Math.max(0, ...checks.map(({ status }) => SEVERITY.indexOf(status)))] ?? "ok";

/** The leaves with that status. */
export const leaves = (checks: readonly Check[], status: CheckStatus): Check[] =>
  checks.flatMap((check) =>
    check.children.length > 0 ? leaves(check.children, status) : check.status === status ? [check] : [],
  );

/** A reading that failed is a failed check with AWS's own words. */
export function judged<T>(name: string, reading: Reading<T> | undefined, judge: (value: T) => Check): Check {
  if (reading && "value" in reading) return judge(reading.value);
  const error = reading?.error;
  return failed(name, error instanceof Error ? error.message : "could not be read");
}

/** What of a service its image is judged by. */
type Imaged = Pick<ServiceContract, "name" | "platform" | "image">;

/** All that must hold before anything is changed, as a tree. Pure: `readFacts` made the calls. */
export function checks(facts: Facts, request: CheckRequest): Check[] {
  const { contract, services } = request;
  return [
    callerChecks(facts, contract),
    branch("cluster", [clusterCheck(facts, contract), capacityCheck(facts, services)]),
    ...services.map((service) => serviceCheck(facts, request, service)),
    ...imageGroups(services).map((group) =>
      judged(`image ${groupKey(group)}`, facts.images.get(groupKey(group)), (image) =>
        branch(`image ${groupKey(group)}`, [
          ...imageChecks(image, request, group),
          ...orderChecks(image, group, contract),
        ]),
      ),
    ),
    branch(
      "secrets",
      services.flatMap((service) => secretChecks(facts, contract, service)),
    ),
    ...sharedTagChecks(facts, request),
    ...loginsCheck(facts, contract),
    branch("migrations", [...moveChecks(request), ...migrationChecks(facts, request)]),
    ...recordChecks(facts),
    ...databaseBranch(facts, contract),
  ];
}

/** The variables by which services are given the URL of the database that is elsewhere, service by service: it has no PG* variables. */
function onlyUrls({ services, database }: Contract): string {
  const given = services.flatMap(({ name, secrets }) => {
    const variables = Object.entries(secrets).filter(([, parameter]) => parameter === database?.also?.url);
    return variables.length === 0 ? [] : [`${name} in ${variables.map(([variable]) => variable).join(", ")}`];
  });
  return `, by its URL alone: ${given.join("; ")}. Their PG* variables are empty`;
}

function databaseBranch({ databases }: Facts, contract: Contract): Check[] {
  const use = usedDatabase(contract);
  const children = [
    ...(use
      ? [
          ok(
            "use",
            `services and migrations are given ${DATABASES[use]}${use === "external" ? onlyUrls(contract) : ""}`,
          ),
        ]
      : []),
    ...(databases.size > 0 ? databaseChecks(databases, contract) : []),
  ];
  return children.length > 0 ? [branch("database", children)] : [];
}

/** Where an environment is. */
type Place = Pick<Contract, "account" | "region">;

/** Enough for a command that changes nothing but runs somewhere. */
export const callerChecks = (
  facts: Pick<Facts, "caller" | "region" | "regionFile">,
  contract: Place,
): Check => branch("caller", [accountCheck(facts, contract), regionCheck(facts, contract)]);

const accountCheck = (facts: Pick<Facts, "caller">, { account }: Place) =>
  judged("account", facts.caller, (caller) =>
    caller.account === account
      ? ok("account", `${account} as ${caller.arn}`)
      : failed(
          "account",
          `the credentials belong to account ${caller.account}, the environment to ${account}: set AWS_PROFILE or the job's role`,
        ),
  );

const regionCheck = ({ region, regionFile }: Pick<Facts, "region" | "regionFile">, contract: Place) => {
  if (region === contract.region)
    return ok("region", regionFile ? `${region}, as ${regionFile} says` : region);
  const there = `the environment is in ${contract.region}`;
  return failed(
    "region",
    regionFile
      ? `${regionFile} says ${region}, ${there}: this file is not the one that was applied`
      : `the configured region is ${region}, ${there}: set AWS_REGION=${contract.region}`,
  );
};

const clusterCheck = (facts: Facts, { cluster: name, environment }: Contract) =>
  judged("state", facts.cluster, (cluster) =>
    cluster?.status === "ACTIVE"
      ? ok("state", `${name} is active`)
      : failed(
          "state",
          `cluster ${name} is ${cluster?.status ?? "not there"}: npx slipway apply ${environment}`,
        ),
  );

const FARGATE = new Set(["FARGATE", "FARGATE_SPOT"]);

const capacityCheck = (facts: Facts, services: readonly ServiceContract[]) =>
  judged("capacity", facts.cluster, (cluster) => {
    const needed = new Set(services.flatMap(({ capacity }) => capacity.map((one) => one.capacityProvider)));
    const missing = [...needed].filter((name) => !cluster?.capacityProviders?.includes(name));
    if (missing.length > 0) {
      return failed(
        "capacity",
        `the cluster has no capacity provider ${missing.join(", ")}: apply the environment`,
      );
    }
    const machines = cluster?.registeredContainerInstancesCount ?? 0;
    if (machines > 0 || [...needed].every((name) => FARGATE.has(name))) {
      return ok("capacity", [...needed].join(", "));
    }
    return warning("capacity", "no machine is up: the first task waits until the group has scaled out");
  });

function serviceCheck(facts: Facts, request: CheckRequest, contract: ServiceContract): Check {
  const name = `service ${contract.name}`;
  return judged(name, facts.services, (found) => {
    const service = found.find(({ serviceName }) => serviceName === contract.service);
    if (service?.status !== "ACTIVE") {
      const state = service?.status ?? "not there";
      return failed(
        name,
        `${contract.service} is ${state}: npx slipway apply ${request.contract.environment}`,
      );
    }
    return branch(name, [
      controllerCheck(service),
      definitionCheck(service, contract, request.contract, facts),
      countCheck(service),
      rolloutCheck(facts, request, contract, service),
      ...ipv6Checks(facts, contract),
    ]);
  });
}

const controllerCheck = ({ deploymentController }: Service) => {
  const type = deploymentController?.type ?? "ECS";
  return type === "ECS"
    ? ok("controller", "ECS")
    : failed("controller", `deployments are controlled by ${type}, whose outcome cannot be followed here`);
};

function definitionCheck(service: Service, own: ServiceContract, contract: Contract, facts: Facts): Check {
  const check = "task definition";
  const [runs, made] = [service.taskDefinition, own.taskDefinition].map(
    (arn) => arn?.split("/").at(-1) ?? "",
  );
  if (runs === made) return ok(check, runs ?? "");
  const login = loginOf(contract, own.name);
  const reachable = login && "value" in facts.made && !facts.made.value.has(login.login);
  if (own.other?.taskDefinition === service.taskDefinition)
    return warning(check, `${runs} is not that of the database that is used; a deploy hands over to ${made}`);
  return reachable
    ? ok(check, `${runs}; a deploy makes the login ${login.user} and hands over to ${made}`)
    : warning(check, `the service runs ${runs}, the last apply made ${made}`);
}

/** Logins that the database has, and those that a deploy makes or ends. */
function loginsCheck(facts: Facts, contract: Contract): Check[] {
  const logins = contract.database?.logins;
  if (!logins) return [];
  const name = "logins";
  return [
    judged(name, facts.made, (made) =>
      judged(name, facts.services, (found) => {
        const wanted = wantedLogins(logins, made, contract.services, found);
        return sameLogins(wanted, made)
          ? ok(name, `${usersIn(wanted)} in the database`)
          : ok(name, `the next deploy makes ${usersIn(wanted)}, and ends others`);
      }),
    ),
  ];
}

const countCheck = ({ desiredCount = 0 }: Service) =>
  desiredCount > 0
    ? ok("desired count", `${desiredCount}`)
    : warning(
        "desired count",
        "0: the image will be promoted, but nothing will run and nothing can be proved",
      );

/** Whether ECS gave its tasks what the subnets have for them: a setting of the account says whether it may. */
function ipv6Checks({ dualStack }: Facts, { name, ipv6 }: ServiceContract): Check[] {
  if (!ipv6) return [];
  return [
    judged("IPv6", dualStack.get(name), (tasks) => {
      const without = tasks.filter(
        ({ containers = [] }) =>
          !containers.some(({ networkInterfaces = [] }) =>
            networkInterfaces.some(({ ipv6Address }) => ipv6Address),
          ),
      );
      if (without.length === 0) return ok("IPv6", `${tasks.length} running tasks have an address`);
      return warning(
        "IPv6",
        `${without.length} of ${tasks.length} running tasks have no address: aws ecs put-account-setting-default --name dualStackIPv6 --value enabled, then release`,
      );
    }),
  ];
}

/** The check that passes by itself once somebody else's roll-out has ended. */
export const NO_OTHER_DEPLOYMENT = "no other deployment";

function rolloutCheck(
  facts: Facts,
  request: CheckRequest,
  contract: ServiceContract,
  service: Service,
): Check {
  const name = NO_OTHER_DEPLOYMENT;
  const primary = rolloutUnderWay(service);
  if (!primary) return ok(name, "none in progress");
  const since = primary.createdAt?.toISOString() ?? "unknown";
  const image = facts.images.get(groupKey(contract.image));
  if (image && "value" in image && !image.value.tagged && !image.value.running) {
    return ok(name, "the service has waited for its first image");
  }
  const detail = `deployment ${primary.id} is in progress since ${since}`;
  return request.replace
    ? warning(name, `${detail}: it will be replaced`)
    : leaf(name, "busy", `${detail}: wait for it (status shows it), or replace it: --wait, --replace`);
}

export function imageChecks(
  image: ImageFacts,
  {
    contract: { environment },
    wanted: asked,
  }: Pick<CheckRequest, "wanted"> & { readonly contract: Pick<Contract, "environment"> },
  group: ImageGroup<Imaged>,
): Check[] {
  const { repository: own, source, services } = group;
  const reference = asked(group);
  const { wanted, previous, running, tagged } = image;
  const { repository } = source ?? { repository: own };
  if (source && running && !tagged) {
    const next = `npx slipway copy-image ${environment}, then npx slipway apply ${environment}`;
    return [
      failed(
        "tag",
        `${groupKey(group)} names nothing, and ${shortDigest(running)} runs from elsewhere: ${next}`,
      ),
    ];
  }
  if (!wanted) {
    if (!reference) return [warning("image", "nothing was deployed here yet")];
    const name = "tag" in reference ? reference.tag : reference.digest;
    // The tags of releases go with them; copies of what ran have none of their own.
    const digests = image.kept?.length ? `; newest first: ${image.kept.join(", ")}` : "";
    const kept = source
      ? `; what ran in ${environment} is kept in ${own} by its digest, also when its tag is gone: npx slipway rollback ${environment}, with --to sha256:… for another than the last${digests}`
      : "";
    return [
      failed(
        "image",
        `the repository ${repository} has no image ${name}: push it first, or look for a typing error; ${repository}:TAG as --image deploys this repository's services alone${kept}`,
      ),
    ];
  }
  const found = ok("image", shortDigest(wanted.digest));
  return [
    found,
    ...services.map((service) => platformCheck(image.platforms, service)),
    ...(running && !previous
      ? [warning("way back", `the image that runs, ${shortDigest(running)}, is no longer in the repository`)]
      : [ok("way back", previous ? shortDigest(previous.digest) : "none: this is the first deployment")]),
    ...(running && tagged && previous?.digest !== tagged.digest
      ? [
          warning(
            "tag",
            `names ${shortDigest(tagged.digest)}, but ${shortDigest(running)} runs: a deploy was cut short`,
          ),
        ]
      : []),
  ];
}

/** Whether what runs is newer than what is released: as where two commits were built side by side, and the older one took longer. */
function orderChecks({ order }: ImageFacts, group: ImageGroup, { environment }: Contract): Check[] {
  const { repository } = group.source ?? group;
  const name = "commit";
  if (!order) return [];
  return [
    judged(name, order, (commits) => {
      const those = (standing: Standing) =>
        [...commits].flatMap(([commit, is]) => (is === standing ? commit : []));
      const [newer] = those("older");
      // An image of several commits, which have the same files, is that of each.
      if (newer && those("same").length === 0)
        return failed(
          name,
          `${newer}, which runs, is newer: to go back all the same, npx slipway rollback ${environment} --to ${repository}:COMMIT`,
        );
      const unknown = those("unknown");
      if (unknown.length > 0 && unknown.length === commits.size)
        return warning(
          name,
          `${unknown.join(", ")}, which runs, is not in the history here: nobody knows which is newer`,
        );
      return ok(name, commits.size === 0 ? "what runs has no commit as its tag" : "no older than what runs");
    }),
  ];
}

function platformCheck(platforms: string[], { name, platform }: Imaged): Check {
  const label = `platform of ${name}`;
  if (platforms.length === 0)
    return warning(label, `${platform} is needed; what the image was built for is unproved`);
  return platforms.includes(platform)
    ? ok(label, platform)
    : failed(
        label,
        `${platform} is needed, the image was built for ${platforms.join(", ")}: docker buildx build --platform ${platform}`,
      );
}

export function secretChecks(
  facts: Pick<Facts, "parameters">,
  contract: Pick<Contract, "environment">,
  service: Pick<ServiceContract, "name" | "secrets">,
): Check[] {
  return Object.entries(service.secrets).map(([variable, reference]) => {
    const name = `${variable} of ${service.name}`;
    return judged(name, facts.parameters, (parameters) => {
      const parameter = parameterName(reference);
      const found = parameters.get(parameter);
      if (found && !isPlaceholder(found)) return ok(name, `version ${found.Version}`);
      return failed(
        name,
        `${parameter} ${found ? "is still the placeholder" : "is not set"}: npx slipway secret set ${contract.environment} ${variable} --service ${service.name}`,
      );
    });
  });
}

/** People make these, and nothing of a deployment needs them: what is missing is a warning. */
function recordChecks({ records }: Facts): Check[] {
  if ("value" in records && records.value.length === 0) return [];
  return [
    judged("DNS", records, (found) =>
      branch(
        "DNS",
        found.map(({ record: { name, type, value }, state, said }) =>
          state === "there"
            ? ok(name, said)
            : warning(name, `${said}: ${name} ${type} ${value} is to be there`),
        ),
      ),
    ),
  ];
}

/** Moving a tag moves it for every service that runs it: those left out would disagree with it. */
export function sharedTagChecks<Service extends Pick<ServiceContract, "name" | "image">>(
  facts: Pick<Facts, "images">,
  {
    contract,
    services,
  }: { readonly contract: { readonly services: readonly Service[] }; readonly services: readonly Service[] },
): Check[] {
  return imageGroups(services).flatMap((group) => {
    const key = groupKey(group);
    const left = contract.services.filter((one) => groupKey(one.image) === key && !services.includes(one));
    const image = facts.images.get(key);
    const moves = image && "value" in image && image.value.wanted?.digest !== image.value.tagged?.digest;
    if (left.length === 0 || !moves) return [];
    const names = left.map(({ name }) => name).join(", ");
    return [
      failed(`tag ${key}`, `${names} runs the same tag: deploy ${names} too (--service once for each)`),
    ];
  });
}

/** What a move of the database does not get along with: tables that change under a copy, services that change under a flip. */
function moveChecks({ moveState, skipMigrations, services, contract }: CheckRequest): Check[] {
  if (!moveState) return [];
  const flipping = moveState.steps.some(
    ({ step, state, data }) =>
      state === "begun" && (step === "flip" || (step === "back" && data?.from === "flip")),
  );
  const migrates = !skipMigrations && services.some(({ migration }) => migration);
  const command = `npx slipway move ${contract.environment}`;
  return [
    flipping
      ? failed(
          "no flip",
          `one has begun, and hands services over: ${command} flip ends it, ${command} back takes it back`,
        )
      : ok("no flip", "none has begun"),
    ...(migrates && isFollowing(moveState)
      ? [
          failed(
            "no copy that follows",
            `the database is being copied, and a migration would make the copy another one: deploy with --skip-migrations, or ${command} flip, or ${command} back`,
          ),
        ]
      : []),
  ];
}

function migrationChecks(facts: Facts, request: CheckRequest): Check[] {
  return request.services.flatMap((service) => {
    if (!service.migration) return [];
    const name = `no other migration of ${service.name}`;
    return judged(name, facts.migrations.get(service.migration.taskDefinition), (tasks) =>
      migrationCheck(name, unfinished(tasks), facts, request, service),
    );
  });
}

function migrationCheck(
  name: string,
  running: Task[],
  facts: Facts,
  request: CheckRequest,
  service: ServiceContract,
): Check {
  const [task] = running;
  if (!task) return ok(name, "none in progress");
  const mark = readStartedBy(task.startedBy);
  const detail = `task ${taskId(task)} is at work, started by ${mark?.who ?? task.startedBy ?? "unknown"}`;
  const image = facts.images.get(groupKey(service.image));
  const wanted = image && "value" in image ? image.value.wanted : undefined;
  if (request.replace) return warning(name, detail);
  return mark && wanted && reportedDigests(wanted, service.platform).has(mark.digest)
    ? ok(name, `${detail}, of this very image: this deploy waits for it`)
    : leaf(name, "busy", `${detail}: wait until it has ended`);
}
