import type * as apprunner from "@aws-sdk/client-apprunner";
import {
  type AppRunnerService,
  appliedAppRunner,
  appRunnerServices,
  beginOperation,
  findAppRunner,
} from "../engine/app-runner";
import { arnOf, block, blocks, flag, number, text } from "../engine/attributes";
import { settle } from "../engine/engine";
import type { Attributes } from "../world";
import { type Call, type Operations, operation, page, pageSize } from "./call";
import { AwsFailure } from "./errors";

export const APP_RUNNER: Operations = {
  DescribeService: operation<apprunner.DescribeServiceRequest, apprunner.DescribeServiceResponse>(
    ["ServiceArn"],
    (call, { ServiceArn }) => ({ Service: view(call, find(call, ServiceArn)) }),
  ),
  ListServices: operation<apprunner.ListServicesRequest, apprunner.ListServicesResponse>(
    [],
    (call, { MaxResults, NextToken }) => {
      const { items, nextToken } = page(there(call), NextToken, pageSize(MaxResults, 20));
      return {
        ServiceSummaryList: items.map((service) => summary(call, service)),
        ...(nextToken && { NextToken: nextToken }),
      };
    },
  ),
  ListOperations: operation<apprunner.ListOperationsRequest, apprunner.ListOperationsResponse>(
    ["ServiceArn"],
    (call, { ServiceArn, MaxResults, NextToken }) => {
      const { arn, operations } = find(call, ServiceArn);
      const { items, nextToken } = page(operations, NextToken, pageSize(MaxResults, 20));
      return {
        OperationSummaryList: items.map(({ id, type, status, startedAt, updatedAt, endedAt }) => ({
          Id: id,
          Type: type,
          Status: status,
          TargetArn: arn,
          StartedAt: new Date(startedAt),
          UpdatedAt: new Date(updatedAt),
          ...(endedAt !== undefined && { EndedAt: new Date(endedAt) }),
        })),
        ...(nextToken && { NextToken: nextToken }),
      };
    },
  ),
  StartDeployment: operation<apprunner.StartDeploymentRequest, apprunner.StartDeploymentResponse>(
    ["ServiceArn"],
    (call, { ServiceArn }) => {
      const service = find(call, ServiceArn);
      if (service.status !== "RUNNING")
        throw new AwsFailure(
          "InvalidStateException",
          `Failed to start deployment: service status is ${service.status}, and must be RUNNING. Service Arn: ${service.arn}`,
        );
      const { id } = beginOperation(call.sim, service, "START_DEPLOYMENT");
      settle(call.sim);
      return { OperationId: id };
    },
  ),
  DescribeAutoScalingConfiguration: operation<
    apprunner.DescribeAutoScalingConfigurationRequest,
    apprunner.DescribeAutoScalingConfigurationResponse
  >(["AutoScalingConfigurationArn"], (call, { AutoScalingConfigurationArn: arn = "" }) => {
    const attributes = call.sim.world
      .list({ type: "aws_apprunner_auto_scaling_configuration_version", region: call.region })
      .find((one) => arnOf(one) === arn)?.attributes;
    // The one that each account has.
    if (!attributes && !arn.includes("/DefaultConfiguration/"))
      throw new AwsFailure("ResourceNotFoundException", `AutoScalingConfiguration ${arn} does not exist.`);
    return {
      AutoScalingConfiguration: {
        AutoScalingConfigurationArn: arn,
        MinSize: number(attributes, "min_size", 1),
        MaxSize: number(attributes, "max_size", 25),
        MaxConcurrency: number(attributes, "max_concurrency", 100),
      },
    };
  }),
  DescribeCustomDomains: operation<
    apprunner.DescribeCustomDomainsRequest,
    apprunner.DescribeCustomDomainsResponse
  >(["ServiceArn"], (call, { ServiceArn }) => {
    const service = find(call, ServiceArn);
    const domains = call.sim.world
      .list({ type: "aws_apprunner_custom_domain_association", region: call.region })
      .filter(({ attributes }) => text(attributes, "service_arn") === service.arn);
    return {
      DNSTarget: view(call, service).ServiceUrl ?? "",
      ServiceArn: service.arn,
      CustomDomains: domains.map(({ attributes }) => ({
        DomainName: text(attributes, "domain_name"),
        EnableWWWSubdomain: flag(attributes, "enable_www_subdomain"),
        Status: text(attributes, "status").toUpperCase() as apprunner.CustomDomainAssociationStatus,
        CertificateValidationRecords: blocks(attributes, "certificate_validation_records").map((record) => ({
          Name: text(record, "name"),
          Type: text(record, "type"),
          Value: text(record, "value"),
          Status: text(record, "status") as apprunner.CertificateValidationRecordStatus,
        })),
      })),
      VpcDNSTargets: [],
    };
  }),
};

const there = ({ sim, region }: Call) =>
  appRunnerServices(sim).filter((service) => service.region === region && service.status !== "DELETED");

function find(call: Call, arn: string | undefined): AppRunnerService {
  const service = findAppRunner(call.sim, arn);
  if (service && there(call).includes(service)) return service;
  throw new AwsFailure("ResourceNotFoundException", `Service ${arn} does not exist.`);
}

function summary({ sim }: Call, service: AppRunnerService): apprunner.ServiceSummary {
  const { arn, status, createdAt, updatedAt } = service;
  const [, name = "", id = ""] = arn.split("/");
  return {
    ServiceName: name,
    ServiceId: id,
    ServiceArn: arn,
    ServiceUrl: text(appliedAppRunner(sim, service)?.attributes, "service_url"),
    Status: status,
    CreatedAt: new Date(createdAt),
    UpdatedAt: new Date(updatedAt),
  };
}

/** A service as App Runner tells it: which image runs is not in it. */
function view(call: Call, service: AppRunnerService): apprunner.Service {
  const attributes = appliedAppRunner(call.sim, service)?.attributes;
  const source = block(attributes, "source_configuration");
  const code = block(source, "code_repository");
  const repository = block(source, "image_repository");
  const instance = block(attributes, "instance_configuration");
  const role = text(instance, "instance_role_arn");
  const health = block(attributes, "health_check_configuration");
  return {
    ...summary(call, service),
    SourceConfiguration: {
      AutoDeploymentsEnabled: flag(source, "auto_deployments_enabled"),
      AuthenticationConfiguration: {
        AccessRoleArn: text(block(source, "authentication_configuration"), "access_role_arn"),
      },
      ...(code
        ? { CodeRepository: { RepositoryUrl: text(code, "repository_url") } }
        : {
            ImageRepository: {
              ImageIdentifier: text(repository, "image_identifier"),
              ImageRepositoryType: text(repository, "image_repository_type"),
              ImageConfiguration: imageConfiguration(block(repository, "image_configuration")),
            },
          }),
    },
    InstanceConfiguration: {
      Cpu: text(instance, "cpu"),
      Memory: text(instance, "memory"),
      ...(role && { InstanceRoleArn: role }),
    },
    HealthCheckConfiguration: {
      Protocol: text(health, "protocol") as apprunner.HealthCheckProtocol,
      Path: text(health, "path"),
    },
    AutoScalingConfigurationSummary: {
      AutoScalingConfigurationArn: text(attributes, "auto_scaling_configuration_arn"),
    },
    NetworkConfiguration: {
      EgressConfiguration: { EgressType: "DEFAULT" },
      IngressConfiguration: { IsPubliclyAccessible: true },
    },
  } as apprunner.Service;
}

/** Secrets are told by their ARNs, all else as it is. */
function imageConfiguration(configured: Attributes | undefined): apprunner.ImageConfiguration {
  const pairs = (name: string) => (configured?.[name] ?? {}) as Record<string, string>;
  const command = text(configured, "start_command");
  return {
    Port: text(configured, "port"),
    ...(command && { StartCommand: command }),
    RuntimeEnvironmentVariables: pairs("runtime_environment_variables"),
    RuntimeEnvironmentSecrets: pairs("runtime_environment_secrets"),
  };
}
