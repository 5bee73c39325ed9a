import {
  AppRunnerClient,
  type CustomDomain,
  DescribeCustomDomainsCommand,
  DescribeServiceCommand,
  ListOperationsCommand,
  type OperationSummary,
  type Service,
  StartDeploymentCommand,
} from "@aws-sdk/client-apprunner";
import { GetParameterCommand } from "@aws-sdk/client-ssm";
import { isDeployment } from "../app-runner/operation-verdict";
import { AwsError } from "./error";
import { Aws } from "./gateway";

/** Operations of one page, which is enough to find ours among. */
const OPERATIONS = 20;

/** The calls of a deployment to App Runner beside those that images take: its policy mirrors this file. */
export class AppRunnerAws extends Aws {
  private made: AppRunnerClient | undefined;

  override lasting(): AppRunnerAws {
    const { clock, random } = this.patience;
    return new AppRunnerAws(this.clients, { clock, random });
  }

  private get client(): AppRunnerClient {
    this.made ??= this.clients.make(AppRunnerClient);
    return this.made;
  }

  /** A service by ARN; undefined when there is none. It does not tell which image runs. */
  async appRunnerService(ServiceArn: string): Promise<Service | undefined> {
    try {
      const answer = await this.read("apprunner:DescribeService", (options) =>
        this.client.send(new DescribeServiceCommand({ ServiceArn }), options),
      );
      return answer.Service;
    } catch (error) {
      if (error instanceof AwsError && error.code === "ResourceNotFoundException") return undefined;
      throw error;
    }
  }

  /** The latest operations of a service, newest first. */
  async operations(ServiceArn: string): Promise<OperationSummary[]> {
    const answer = await this.read("apprunner:ListOperations", (options) =>
      this.client.send(new ListOperationsCommand({ ServiceArn, MaxResults: OPERATIONS }), options),
    );
    const begun = ({ StartedAt }: OperationSummary) => StartedAt?.getTime() ?? 0;
    return (answer.OperationSummaryList ?? []).sort((one, other) => begun(other) - begun(one));
  }

  /**
   * Has App Runner deploy what the service's tag names now.
   * @param known the operations that were there before, by id
   * @returns the operation's id; undefined where App Runner names none
   */
  async startDeployment(ServiceArn: string, known: ReadonlySet<string>): Promise<string | undefined> {
    const lasting = this.lasting();
    return this.change<string | undefined>("apprunner:StartDeployment", {
      call: async () => (await this.client.send(new StartDeploymentCommand({ ServiceArn }))).OperationId,
      trace: "a new deployment",
      look: async () => {
        const [newest] = (await lasting.operations(ServiceArn)).filter(isDeployment);
        return newest?.Id !== undefined && !known.has(newest.Id) ? newest.Id : undefined;
      },
    });
  }

  /** Names of one's own, and the records that each waits for. */
  async customDomains(ServiceArn: string): Promise<{ target: string; domains: CustomDomain[] }> {
    const answer = await this.read("apprunner:DescribeCustomDomains", (options) =>
      this.client.send(new DescribeCustomDomainsCommand({ ServiceArn }), options),
    );
    return { target: answer.DNSTarget ?? "", domains: answer.CustomDomains ?? [] };
  }

  /** The value of a parameter that holds a secret; undefined when there is none. */
  async secret(Name: string): Promise<string | undefined> {
    try {
      const answer = await this.read("ssm:GetParameter", (options) =>
        this.clients.ssm.send(new GetParameterCommand({ Name, WithDecryption: true }), options),
      );
      return answer.Parameter?.Value;
    } catch (error) {
      if (error instanceof AwsError && error.code === "ParameterNotFound") return undefined;
      throw error;
    }
  }
}
