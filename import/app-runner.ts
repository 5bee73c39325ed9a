import {
  AppRunnerClient,
  CustomDomainAssociationStatus,
  DescribeAutoScalingConfigurationCommand,
  DescribeCustomDomainsCommand,
  DescribeServiceCommand,
  type Service,
} from "@aws-sdk/client-apprunner";
import { answer, type Place, placeOf } from "./aws";
import { type Container, readContainer, units } from "./container";
import { type Found, ImportError } from "./found";
import { wordsOf } from "./procfile";

/**
 * A service of App Runner's, by its ARN: three calls that read.
 * @throws ImportError
 */
export async function readAppRunner(arn: string, domain: string | undefined): Promise<Found> {
  const place = placeOf(arn, "apprunner", 2);
  const client = new AppRunnerClient({ region: place.region });
  const { Service: service } = await answer(
    "apprunner:DescribeService",
    client.send(new DescribeServiceCommand({ ServiceArn: arn })),
  );
  if (service === undefined || service.Status === "DELETED")
    throw new ImportError([`${place.names[0]} is deleted in App Runner: nothing is there to read.`]);
  const { AutoScalingConfigurationArn } = service.AutoScalingConfigurationSummary ?? {};
  const { AutoScalingConfiguration: scaling } = await answer(
    "apprunner:DescribeAutoScalingConfiguration",
    client.send(new DescribeAutoScalingConfigurationCommand({ AutoScalingConfigurationArn })),
  );
  const { CustomDomains = [] } = await answer(
    "apprunner:DescribeCustomDomains",
    client.send(new DescribeCustomDomainsCommand({ ServiceArn: arn })),
  );
  const domains = CustomDomains.filter(
    ({ Status }) => Status === CustomDomainAssociationStatus.ACTIVE,
  ).flatMap(({ DomainName = "", EnableWWWSubdomain }) =>
    EnableWWWSubdomain ? [DomainName, `www.${DomainName}`] : [DomainName],
  );
  // What it has where nobody said anything. Source: AutoScalingConfiguration, App Runner API reference.
  const { MinSize: min = 1, MaxSize: max = 25 } = scaling ?? {};
  return readContainer(containerOf(place, service, { scaling: { min, max }, domains }), domain);
}

function containerOf(
  { arn, region, names }: Place,
  service: Service,
  rest: Pick<Container, "scaling" | "domains">,
): Container {
  const { ImageRepository: repository, CodeRepository: code } = service.SourceConfiguration ?? {};
  const fromCode = code?.CodeConfiguration?.CodeConfigurationValues;
  const image = repository?.ImageConfiguration;
  const { Port, StartCommand, RuntimeEnvironmentVariables, RuntimeEnvironmentSecrets } =
    image ?? fromCode ?? {};
  const path = image
    ? "ImageRepository.ImageConfiguration"
    : "CodeRepository.CodeConfiguration.CodeConfigurationValues";
  const { Protocol, Path } = service.HealthCheckConfiguration ?? {};
  const { Cpu, Memory } = service.InstanceConfiguration ?? {};
  return {
    ...rest,
    name: service.ServiceName ?? names[0] ?? "",
    region,
    image: repository?.ImageIdentifier,
    port: Number(Port ?? "8080"),
    command: StartCommand ? wordsOf(StartCommand) : undefined,
    health: Protocol === "HTTP" ? Path : undefined,
    // 1 vCPU and 2 GB where nobody said anything. Source: InstanceConfiguration, App Runner API reference.
    size: { cpu: units(Cpu, 1024), memory: units(Memory, 2048) },
    variables: RuntimeEnvironmentVariables ?? {},
    printed: (variable) =>
      `aws apprunner describe-service --region ${region} --service-arn ${arn} --query Service.SourceConfiguration.${path}.RuntimeEnvironmentVariables.${variable} --output text`,
    secrets: RuntimeEnvironmentSecrets ?? {},
    origin: service.ServiceUrl && `https://${service.ServiceUrl}`,
    remarks: [...remarksOn(service)],
  };
}

function* remarksOn({
  HealthCheckConfiguration: health,
  InstanceConfiguration: instance,
  NetworkConfiguration: network,
  SourceConfiguration: source,
}: Service): Generator<string> {
  if (health?.Protocol !== "HTTP")
    yield "App Runner knows that it is well by its port alone; a load balancer asks for a path, / unless health says another.";
  if (instance?.InstanceRoleArn)
    yield `What its role ${instance.InstanceRoleArn.split("/").at(-1)} allows, permissions of the service say.`;
  const connector = network?.EgressConfiguration?.VpcConnectorArn;
  if (connector)
    yield `It reaches a VPC through ${connector.split("/")[1]}: what is there must be reachable from the new one (docs/network.md).`;
  if (network?.IngressConfiguration?.IsPubliclyAccessible === false)
    yield "It is private: only its VPC calls it, and CloudFront cannot stand in front of it.";
  if (source?.CodeRepository?.CodeConfiguration?.ConfigurationSource === "REPOSITORY")
    yield "Port, command and variables stand in apprunner.yaml of its repository: what is here of them is only App Runner's default.";
  yield "App Runner scales by requests that are answered at once, autoscaling by the tasks' CPU: watch it, and set max and cpu.";
}
