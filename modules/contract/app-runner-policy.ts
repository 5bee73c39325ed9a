import { contractParameter } from ".";
import type { AppRunnerContract, AppRunnerServiceContract } from "./app-runner";
import { arn, images, type Policy, type Statement, unique } from "./policy";

/** What of a contract the permissions depend on. */
export interface AppRunnerDeployable extends Pick<AppRunnerContract, "environment" | "account" | "region"> {
  readonly services: readonly (Pick<AppRunnerServiceContract, "service" | "arn" | "existing" | "released"> & {
    readonly image: Pick<AppRunnerServiceContract["image"], "repository" | "source">;
    readonly migration: Pick<NonNullable<AppRunnerServiceContract["migration"]>, "url"> | null;
  })[];
}

/**
 * The least that whoever deploys to App Runner needs: exactly the calls of `deploy/app-runner`, and a login to the registry for
 * a migration that runs its own image. Resource types are those of the
 * Service Authorization Reference. The database's URL is read where migrations run where deploy does, and there alone.
 */
export function appRunnerPolicy(contract: AppRunnerDeployable): Policy {
  const { environment, services } = contract;
  const parameter = (name: string) => arn(contract, "ssm", `parameter${name}`);
  const released = services.map((service) => parameter(service.released));
  const urls = services.flatMap(({ migration }) => (migration ? parameter(migration.url) : []));
  return {
    Version: "2012-10-17",
    Statement: [
      allow("ReadContract", ["ssm:GetParameter"], [parameter(contractParameter(environment))]),
      allow("NoteReleases", ["ssm:GetParameter", "ssm:PutParameter"], released),
      // Names and versions of parameters, never values. Searching them has no narrower resource.
      allow("SeeSecretVersions", ["ssm:DescribeParameters"], [arn(contract, "ssm", "*")]),
      ...(urls.length > 0
        ? [
            allow("ReadDatabaseUrl", ["ssm:GetParameter"], unique(urls)),
            // The image is pulled with what RetagImages allows. No resource level.
            allow("EcrLogin", ["ecr:GetAuthorizationToken"], ["*"]),
          ]
        : []),
      ...images(contract),
      allow(
        "DeployServices",
        [
          "apprunner:DescribeCustomDomains",
          "apprunner:DescribeService",
          "apprunner:ListOperations",
          "apprunner:StartDeployment",
        ],
        // The id at the end is known of a service that is there before.
        services.map(({ service, arn: own, existing }) =>
          existing ? own : arn(contract, "apprunner", `service/${service}/*`),
        ),
      ),
    ],
  };
}

const allow = (Sid: string, Action: string[], Resource: string[]): Statement => ({
  Sid,
  Effect: "Allow",
  Action,
  Resource,
});
