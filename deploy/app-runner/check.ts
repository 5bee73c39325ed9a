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
  { contract: { environment } }: AppRunnerCheckRequest,
  contract: AppRunnerServiceContract,
): Check {
  const name = `service ${contract.name}`;
  return judged(name, facts.services.get(contract.name), (found) => {
    const { service, releases } = found;
    const [last] = releases;
    if (!service && contract.arn !== "")
      return failed(name, `${contract.arn} is not there: npx slipway apply ${environment}`);
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
      stateCheck(found, environment),
      operationCheck(found),
      autoCheck(found),
      ...domainChecks(found),
    ]);
  });
}

function stateCheck({ service }: ServiceFacts, environment: string): Check {
  const status = service?.Status ?? "RUNNING";
  const said = `${status}, https://${service?.ServiceUrl}; which image runs App Runner does not tell`;
  switch (SERVICE_MEANING[status]) {
    case "stands still":
      return failed("state", `${status}: aws apprunner resume-service --service-arn ${service?.ServiceArn}`);
    case "gone":
      return failed("state", `${status}: npx slipway apply ${environment} makes it again`);
    default:
      return ok("state", said);
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

const autoCheck = ({ service }: ServiceFacts): Check =>
  service?.SourceConfiguration?.AutoDeploymentsEnabled
    ? warning(
        "automatic deployments",
        "somebody switched them on: App Runner deploys by itself when the tag moves, whoever moves it; the next apply switches them off",
      )
    : ok("automatic deployments", "off: deploy tells App Runner when");

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
