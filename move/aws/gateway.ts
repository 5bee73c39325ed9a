// The store's calls are signed for every region at once, which the SDK does only where this is loaded.
import "@aws-sdk/signature-v4a";
import {
  ApplicationAutoScalingClient,
  DescribeScalableTargetsCommand,
  RegisterScalableTargetCommand,
} from "@aws-sdk/client-application-auto-scaling";
import { AppRunnerClient, ListServicesCommand } from "@aws-sdk/client-apprunner";
import {
  AssociateAliasCommand,
  CloudFrontClient,
  GetDistributionCommand,
  ListConflictingAliasesCommand,
} from "@aws-sdk/client-cloudfront";
import {
  CloudFrontKeyValueStoreClient,
  DescribeKeyValueStoreCommand,
  GetKeyCommand,
  PutKeyCommand,
} from "@aws-sdk/client-cloudfront-keyvaluestore";
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { UpdateServiceCommand } from "@aws-sdk/client-ecs";
import {
  type Change,
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  ListResourceRecordSetsCommand,
  type ResourceRecordSet,
  Route53Client,
} from "@aws-sdk/client-route-53";
import {
  GetScheduleCommand,
  type ScheduleState,
  SchedulerClient,
  UpdateScheduleCommand,
} from "@aws-sdk/client-scheduler";
import type { Clients } from "../../deploy/aws/clients";
import { AwsError } from "../../deploy/aws/error";
import type { Patience } from "../../deploy/aws/retry";
import { LockAws } from "./lock";
import {
  type AppRunnerService,
  type Minute,
  minutesOfAppRunner,
  minutesOfDistribution,
  minutesOfLoadBalancer,
  type Span,
} from "./minutes";

/** The one key of the store that the distribution's function reads. */
const KEY = "move";

/** What autoscaling calls the number of tasks of a service. */
const TASKS = { ServiceNamespace: "ecs", ScalableDimension: "ecs:service:DesiredCount" } as const;

/** What a store holds, and the version of the whole that whoever changes it must name. */
export interface Stored {
  readonly value: string | undefined;
  readonly etag: string;
}

/** How many tasks autoscaling keeps. */
export interface Scaling {
  readonly min: number;
  readonly max: number;
}

/** What a schedule does. */
export interface ScheduleNow {
  /** Whether it starts anything. */
  readonly state: ScheduleState | undefined;
  /** What it starts, without a revision: each time the newest. */
  readonly taskDefinition: string | undefined;
}

export interface FoundDistribution {
  readonly aliases: readonly string[];
  readonly deployed: boolean;
}

/** The calls of `slipway move` beside those of a deployment and of every day: `policy --for move` mirrors this file. */
export class MoveAws extends LockAws {
  private readonly route53: Route53Client;
  private readonly cloudfront: CloudFrontClient;
  private readonly store: CloudFrontKeyValueStoreClient;
  private readonly scheduler: SchedulerClient;
  private readonly autoscaling: ApplicationAutoScalingClient;
  private readonly cloudwatch: CloudWatchClient;
  /** Where the metrics of every distribution are. */
  private readonly cloudwatchOfEdge: CloudWatchClient;

  constructor(clients: Clients, patience: Patience) {
    super(clients, patience);
    this.route53 = clients.make(Route53Client);
    this.cloudfront = clients.make(CloudFrontClient);
    this.store = clients.make(CloudFrontKeyValueStoreClient);
    this.scheduler = clients.make(SchedulerClient);
    this.autoscaling = clients.make(ApplicationAutoScalingClient);
    this.cloudwatch = clients.make(CloudWatchClient);
    this.cloudwatchOfEdge = clients.make(CloudWatchClient, "us-east-1");
  }

  override lasting(): MoveAws {
    const { clock, random } = this.patience;
    return new MoveAws(this.clients, { clock, random });
  }

  /** The name of a zone, without the dot at its end; undefined where there is no such zone. */
  async zoneName(Id: string): Promise<string | undefined> {
    try {
      const answer = await this.read("route53:GetHostedZone", (options) =>
        this.route53.send(new GetHostedZoneCommand({ Id }), options),
      );
      return answer.HostedZone?.Name?.replace(/\.$/, "");
    } catch (error) {
      if (error instanceof AwsError && error.code === "NoSuchHostedZone") return undefined;
      throw error;
    }
  }

  /** All sets of records of one name in a zone. */
  async recordSets(HostedZoneId: string, name: string): Promise<ResourceRecordSet[]> {
    const full = `${name.toLowerCase()}.`;
    const found: ResourceRecordSet[] = [];
    let place: { StartRecordName: string; StartRecordType?: ResourceRecordSet["Type"]; id?: string } = {
      StartRecordName: full,
    };
    for (;;) {
      const { id: StartRecordIdentifier, ...start } = place;
      const request = new ListResourceRecordSetsCommand({ HostedZoneId, ...start, StartRecordIdentifier });
      const page = await this.read("route53:ListResourceRecordSets", (options) =>
        this.route53.send(request, options),
      );
      const sets = page.ResourceRecordSets ?? [];
      found.push(...sets.filter(({ Name }) => Name === full));
      // They come in the order of their names.
      if (!page.IsTruncated || page.NextRecordName !== full) return found;
      place = {
        StartRecordName: full,
        StartRecordType: page.NextRecordType,
        ...(page.NextRecordIdentifier && { id: page.NextRecordIdentifier }),
      };
    }
  }

  /**
   * Changes records of a zone, all at once or none.
   * @param made tells from what is there now whether they are changed, if an answer is lost
   * @returns the change's id; undefined where its answer was lost and the records are as they shall be
   */
  async changeRecords(
    HostedZoneId: string,
    Changes: Change[],
    made: () => Promise<boolean>,
  ): Promise<string | undefined> {
    const request = { HostedZoneId, ChangeBatch: { Changes, Comment: "slipway move" } };
    const { id } = await this.change<{ id: string | undefined }>("route53:ChangeResourceRecordSets", {
      call: async () => {
        const answer = await this.route53.send(new ChangeResourceRecordSetsCommand(request));
        return { id: answer.ChangeInfo?.Id };
      },
      trace: "records as they shall be",
      look: async () => ((await made()) ? { id: undefined } : undefined),
    });
    return id;
  }

  /** Whether all of Route 53's servers have a change. */
  async isInSync(Id: string): Promise<boolean> {
    const answer = await this.read("route53:GetChange", (options) =>
      this.route53.send(new GetChangeCommand({ Id: Id.replace("/change/", "") }), options),
    );
    return answer.ChangeInfo?.Status === "INSYNC";
  }

  async distribution(Id: string): Promise<FoundDistribution> {
    const { Distribution } = await this.read("cloudfront:GetDistribution", (options) =>
      this.cloudfront.send(new GetDistributionCommand({ Id }), options),
    );
    return {
      aliases: Distribution?.DistributionConfig?.Aliases?.Items ?? [],
      deployed: Distribution?.Status === "Deployed" && Distribution.DistributionConfig?.Enabled === true,
    };
  }

  /** The same; undefined where the account has none of this id. */
  async findDistribution(id: string): Promise<FoundDistribution | undefined> {
    try {
      return await this.distribution(id);
    } catch (error) {
      if (error instanceof AwsError && error.code === "NoSuchDistribution") return undefined;
      throw error;
    }
  }

  /** Distributions of any account that a name is on, as far as CloudFront tells: half of each id is starred. */
  async distributionsOf(alias: string, DistributionId: string): Promise<{ id: string; account: string }[]> {
    const answer = await this.read("cloudfront:ListConflictingAliases", (options) =>
      this.cloudfront.send(new ListConflictingAliasesCommand({ Alias: alias, DistributionId }), options),
    );
    return (answer.ConflictingAliasesList?.Items ?? [])
      .filter((one) => one.Alias === alias)
      .map(({ DistributionId: id = "", AccountId: account = "" }) => ({ id, account }));
  }

  /** Takes a name from the distribution that it is on to this one, without a moment on neither. */
  async associateAlias(TargetDistributionId: string, Alias: string): Promise<void> {
    const lasting = this.lasting();
    await this.change<unknown>("cloudfront:AssociateAlias", {
      call: () => this.cloudfront.send(new AssociateAliasCommand({ TargetDistributionId, Alias })),
      trace: `${Alias} on ${TargetDistributionId}`,
      look: async () => {
        const { aliases } = await lasting.distribution(TargetDistributionId);
        return aliases.includes(Alias) ? true : undefined;
      },
    });
  }

  /** What the store holds. The version is read first: a change in between shows when somebody writes. */
  async stored(KvsARN: string): Promise<Stored> {
    const { ETag = "" } = await this.read("cloudfront-keyvaluestore:DescribeKeyValueStore", (options) =>
      this.store.send(new DescribeKeyValueStoreCommand({ KvsARN }), options),
    );
    try {
      const { Value } = await this.read("cloudfront-keyvaluestore:GetKey", (options) =>
        this.store.send(new GetKeyCommand({ KvsARN, Key: KEY }), options),
      );
      return { value: Value, etag: ETag };
    } catch (error) {
      if (error instanceof AwsError && error.code === "ResourceNotFoundException")
        return { value: undefined, etag: ETag };
      throw error;
    }
  }

  /** Writes the store's one key. Returns false where the store is of another version by now, and nothing was written. */
  async putStored(KvsARN: string, Value: string, etag: string): Promise<boolean> {
    const lasting = this.lasting();
    const isThere = async () => (await lasting.stored(KvsARN)).value === Value;
    try {
      return await this.change<boolean>("cloudfront-keyvaluestore:PutKey", {
        call: async () => {
          await this.store.send(new PutKeyCommand({ KvsARN, Key: KEY, Value, IfMatch: etag }));
          return true;
        },
        trace: "the new share in the store",
        look: async () => ((await isThere()) ? true : undefined),
      });
    } catch (error) {
      if (!(error instanceof AwsError && isOfOtherVersion(error))) throw error;
      // By an earlier attempt of this call, whose answer was lost, or by somebody else.
      return isThere();
    }
  }

  /** Sets how many tasks a service runs. */
  async setCount(cluster: string, service: string, desiredCount: number): Promise<void> {
    const lasting = this.lasting();
    await this.change<unknown>("ecs:UpdateService", {
      call: () => this.clients.ecs.send(new UpdateServiceCommand({ cluster, service, desiredCount })),
      trace: `${desiredCount} wanted tasks of ${service}`,
      look: async () => {
        const [found] = await lasting.services(cluster, [service]);
        return found?.desiredCount === desiredCount ? true : undefined;
      },
    });
  }

  async schedule(name: string): Promise<ScheduleNow> {
    const { State: state, Target } = await this.wholeSchedule(name);
    return { state, taskDefinition: Target?.EcsParameters?.TaskDefinitionArn };
  }

  /** Changes a schedule. The rest of it is written as it was read: what is not said falls back to its default. */
  async setSchedule(Name: string, wanted: Partial<ScheduleNow>): Promise<void> {
    const lasting = this.lasting();
    const { $metadata, Arn, CreationDate, LastModificationDate, ...found } = await this.wholeSchedule(Name);
    const { ScheduleExpression, FlexibleTimeWindow, Target } = found;
    const { state: State = found.State, taskDefinition } = wanted;
    const EcsParameters = taskDefinition
      ? { ...Target?.EcsParameters, TaskDefinitionArn: taskDefinition }
      : Target?.EcsParameters;
    const target = Target && { ...Target, EcsParameters };
    const request = { ...found, Name, ScheduleExpression, FlexibleTimeWindow, Target: target, State };
    await this.change<unknown>("scheduler:UpdateSchedule", {
      call: () => this.scheduler.send(new UpdateScheduleCommand(request)),
      trace: `the schedule ${Name}, ${[State, taskDefinition].filter(Boolean).join(", ")}`,
      look: async () => (isAs(await lasting.schedule(Name), wanted) ? true : undefined),
    });
  }

  private wholeSchedule(Name: string) {
    return this.read("scheduler:GetSchedule", (options) =>
      this.scheduler.send(new GetScheduleCommand({ Name }), options),
    );
  }

  /** How many tasks autoscaling keeps of a service; undefined where it has none. */
  async scaling(cluster: string, service: string): Promise<Scaling | undefined> {
    const request = { ...TASKS, ResourceIds: [`service/${cluster}/${service}`] };
    const { ScalableTargets = [] } = await this.read(
      "application-autoscaling:DescribeScalableTargets",
      (options) => this.autoscaling.send(new DescribeScalableTargetsCommand(request), options),
    );
    const [{ MinCapacity: min = 0, MaxCapacity: max = 0 } = {}] = ScalableTargets;
    return ScalableTargets.length === 0 ? undefined : { min, max };
  }

  /** Sets how many tasks autoscaling keeps of a service. */
  async setScaling(cluster: string, service: string, { min, max }: Scaling): Promise<void> {
    const lasting = this.lasting();
    const ResourceId = `service/${cluster}/${service}`;
    const request = { ...TASKS, ResourceId, MinCapacity: min, MaxCapacity: max };
    await this.change<unknown>("application-autoscaling:RegisterScalableTarget", {
      call: () => this.autoscaling.send(new RegisterScalableTargetCommand(request)),
      trace: `${min} to ${max} tasks of ${service}`,
      look: async () => {
        const found = await lasting.scaling(cluster, service);
        return found?.min === min && found.max === max ? true : undefined;
      },
    });
  }

  /** What a load balancer answered in each minute that somebody asked in, as far as CloudWatch knows it yet. */
  minutesOfLoadBalancer(name: string, span: Span): Promise<Minute[]> {
    return this.read("cloudwatch:GetMetricData", (options) =>
      minutesOfLoadBalancer(this.cloudwatch, name, span, options),
    );
  }

  /** The same of a distribution, whichever side was to answer. */
  minutesOfDistribution(id: string, span: Span): Promise<Minute[]> {
    return this.read("cloudwatch:GetMetricData", (options) =>
      minutesOfDistribution(this.cloudwatchOfEdge, id, span, options),
    );
  }

  /** The account's service of App Runner's that has an address, `abc123.us-west-2.awsapprunner.com`; undefined where it has none. */
  async appRunnerService(address: string, region: string): Promise<AppRunnerService | undefined> {
    const client = this.clients.make(AppRunnerClient, region);
    for (let NextToken: string | undefined; ; ) {
      const page = await this.read("apprunner:ListServices", (options) =>
        client.send(new ListServicesCommand({ NextToken }), options),
      );
      const found = page.ServiceSummaryList?.find(({ ServiceUrl }) => ServiceUrl === address);
      if (found) return { name: found.ServiceName ?? "", id: found.ServiceId ?? "" };
      NextToken = page.NextToken;
      if (NextToken === undefined) return undefined;
    }
  }

  /** The minutes in which somebody sent that service a request, by whatever way. */
  minutesOfAppRunner(service: AppRunnerService, region: string, span: Span) {
    const client = this.clients.make(CloudWatchClient, region);
    return this.read("cloudwatch:GetMetricData", (options) =>
      minutesOfAppRunner(client, service, span, options),
    );
  }
}

const isAs = (now: ScheduleNow, { state, taskDefinition }: Partial<ScheduleNow>) =>
  (state ?? now.state) === now.state && (taskDefinition ?? now.taskDefinition) === now.taskDefinition;

const isOfOtherVersion = ({ code, message }: AwsError) =>
  code === "ConflictException" || (code === "ValidationException" && /pre-?condition/i.test(message));

/** What steps call: all of AWS that a move touches. */
export type Cloud = Pick<MoveAws, keyof MoveAws>;
