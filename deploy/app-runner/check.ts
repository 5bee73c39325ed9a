import type { Service } from "@aws-sdk/client-apprunner";
import type { AppRunnerServiceContract } from "../../modules/contract/app-runner";
import {
  branch,
  callerChecks,
  failed,
  imageChecks,
  judged,
  leaf,
  NO_OTHER_DEPLOYMENT,
  ok,
  secretChecks,
  sharedTagChecks,
  warning,
} from "../check";
import type { Check } from "../events";
import { groupKey, imageGroups, type Wanted } from "../facts";
import { shortDigest } from "../image";
import type { AppRunnerContext } from "./context";
import type { AppRunnerFacts, ServiceFacts } from "./facts";
import { SERVICE_MEANING } from "./operation-verdict";
import { underWay } from "./wait";

export interface AppRunnerCheckRequest {
  contract: AppRunnerContext["contract"];
  /** The services to deploy, in the contract's order. */
  services: readonly AppRunnerServiceContract[];
  wanted: Wanted;
}

/** All that must hold before anything is changed, as a tree. Pure: `readAppRunnerFacts` made the calls. */
export function appRunnerChecks(facts: AppRunnerFacts, request: AppRunnerCheckRequest): Check[] {
  const { contract, services } = request;
  return [
    callerChecks(facts, contract),
    ...services.map((service) => serviceCheck(facts, request, service)),
    ...imageGroups(services).map((group) =>
      judged(`image ${groupKey(group)}`, facts.images.get(groupKey(group)), (image) =>
        branch(`image ${groupKey(group)}`, imageChecks(image, request, group)),
      ),
    ),
    branch(
      "secrets",
      services.flatMap((service) => secretChecks(facts, contract, service)),
    ),
    ...sharedTagChecks(facts, request),
    ...databaseChecks(facts, request),
  ];
}

/** Said where there is no service yet: a new account would find out only from its first apply. */
const CLOSED =
  "App Runner lets no account in since 2026-04-30 that had no service before: where the apply is refused, docs/app-runner.md says how the same file becomes environment({ preset: light })";

function serviceCheck(
  facts: AppRunnerFacts,
  { contract: whole }: AppRunnerCheckRequest,
  contract: AppRunnerServiceContract,
): Check {
  const { environment } = whole;
  const name = `service ${contract.name}`;
  return judged(name, facts.services.get(contract.name), (found) => {
    const { service, releases } = found;
    const [last] = releases;
    if (!service && contract.arn !== "")
      return failed(name, `${contract.arn} is not there: ${again(contract, environment)}`);
    if (!service)
      return branch(name, [
        last
          ? warning(
              "state",
              `${shortDigest(last.digest)} was promoted, and the service is not made yet: npx slipway apply ${environment}`,
            )
          : ok("state", `not made yet: an apply after the first release makes it`),
        warning("account", CLOSED),
      ]);
    return branch(name, [
      stateCheck(service, contract, environment),
      operationCheck(found),
      imageCheck(service, contract, whole),
      autoCheck(service, contract),
      healthCheck(service),
      ...domainChecks(found),
    ]);
  });
}

/** What brings a service back that is not there. */
const again = ({ existing, name }: AppRunnerServiceContract, environment: string) =>
  existing
    ? `say in environments/${environment}.ts which one ${name} is`
    : `npx slipway apply ${environment} makes it again`;

function stateCheck(service: Service, contract: AppRunnerServiceContract, environment: string): Check {
  const { Status: status = "RUNNING", ServiceUrl, ServiceArn } = service;
  switch (SERVICE_MEANING[status]) {
    case "stands still":
      return failed("state", `${status}: aws apprunner resume-service --service-arn ${ServiceArn}`);
    case "gone":
      return failed("state", `${status}: ${again(contract, environment)}`);
    default:
      return ok("state", `${status}, https://${ServiceUrl}; which image runs App Runner does not tell`);
  }
}

function operationCheck(found: ServiceFacts): Check {
  const operation = underWay(found);
  return operation
    ? leaf(
        NO_OTHER_DEPLOYMENT,
        "busy",
        `${operation}: App Runner does one thing after the other; wait for it: --wait`,
      )
    : ok(NO_OTHER_DEPLOYMENT, "none in progress");
}

/** An image of ECR as a service is configured with it. */
const OF_ECR =
  /^(?<registry>\d{12}\.dkr\.ecr\.[^/]+)\/(?<repository>[^:@]+)(:(?<tag>[^@]+))?(?<digest>@.*)?$/;

/** Whether App Runner deploys the very tag that deploy moves: of any other, its success would say nothing of the release. */
function imageCheck(
  { SourceConfiguration: source }: Service,
  { image, existing, name }: AppRunnerServiceContract,
  { account, region, environment }: Pick<AppRunnerContext["contract"], "account" | "region" | "environment">,
): Check {
  const registry = `${account}.dkr.ecr.${region}.amazonaws.com`;
  const moved = `${registry}/${image.repository}:${image.tag}`;
  const identifier = source?.ImageRepository?.ImageIdentifier;
  if (identifier === undefined)
    return failed(
      "image",
      `App Runner builds it of code, and deploy ships images: one of ${moved} takes releases`,
    );
  const role = source?.AuthenticationConfiguration?.AccessRoleArn;
  const found = OF_ECR.exec(identifier)?.groups ?? {};
  const { tag = "latest", repository, digest } = found;
  const isMoved =
    found.registry === registry && repository === image.repository && tag === image.tag && !digest;
  if (isMoved && !role)
    return failed("image", `${identifier} is private, and no access role pulls it: give the service one`);
  if (isMoved) return ok("image", `${identifier}, pulled as ${role}`);
  const said = `the service runs ${identifier}, and deploy moves ${moved}: `;
  if (!existing) return failed("image", `${said}npx slipway apply ${environment}`);
  if (found.registry !== registry || digest)
    return failed("image", `${said}configure that where the service is made`);
  const file = `say in environments/${environment}.ts, of ${name},`;
  return repository === image.repository
    ? failed("image", `${said}${file} existing: { arn: "…", tag: "${tag}" }`)
    : failed("image", `${said}${file} registry: "${repository}"`);
}

function autoCheck({ SourceConfiguration: source }: Service, { existing }: AppRunnerServiceContract): Check {
  const name = "automatic deployments";
  if (!source?.AutoDeploymentsEnabled) return ok(name, "off: deploy tells App Runner when");
  const them = existing
    ? "they are on, and come before any migration where somebody pushes that tag; switch them off where the service is made"
    : "somebody switched them on; the next apply switches them off";
  return warning(name, `${them}: App Runner deploys by itself when the tag moves, whoever moves it`);
}

/** What a deployment that succeeded has passed. */
function healthCheck({ HealthCheckConfiguration: health, SourceConfiguration: source }: Service): Check {
  const name = "health check";
  const port = source?.ImageRepository?.ImageConfiguration?.Port ?? "8080";
  if (health?.Protocol === "HTTP") return ok(name, `GET ${health.Path ?? "/"} on port ${port}`);
  return warning(
    name,
    `TCP on port ${port}: a deployment succeeds as soon as something listens there, whether it answers or not; HTTP and a path prove more`,
  );
}

function domainChecks({ domains, target }: ServiceFacts): Check[] {
  return domains.map(({ DomainName = "", Status, CertificateValidationRecords = [] }) => {
    const name = `domain ${DomainName}`;
    if (Status === "ACTIVE") return ok(name, "active");
    const records = [
      `${DomainName} CNAME ${target}`,
      ...CertificateValidationRecords.filter((record) => record.Status !== "SUCCESS").map(
        ({ Name, Type, Value }) => `${Name} ${Type} ${Value}`,
      ),
    ];
    return warning(name, `${Status}; the records to be there: ${records.join("; ")}`);
  });
}

/** Migrations run where deploy does: from here the database must be reached. */
function databaseChecks(facts: AppRunnerFacts, { contract, services }: AppRunnerCheckRequest): Check[] {
  return [...facts.databases].map(([parameter, found]) => {
    const users = services.filter(({ migration }) => migration?.url === parameter);
    const [first] = users;
    const name = `database of ${users.map((service) => service.name).join(", ")}`;
    const set = `npx slipway secret set ${contract.environment} ${first?.migration?.urls[0]} --service ${first?.name}`;
    return judged(name, found, (reached) => {
      if (!reached) return failed(name, `${parameter} is not set: ${set}`);
      if (reached.kind === "answers") return ok(name, `${reached.host}:${reached.port} answers from here`);
      return failed(name, `${reached.why}: ${set}`);
    });
  });
}
