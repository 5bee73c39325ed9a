import { GetParameterCommand, PutParameterCommand } from "@aws-sdk/client-ssm";
import { DailyAws } from "../../deploy/aws/daily";
import { AwsError } from "../../deploy/aws/error";
import { whoami } from "../../deploy/started-by";

/** A parameter's text, and how often it was written. */
export interface Written {
  readonly value: string;
  readonly version: number;
}

/** The calls to AWS that a move's lock is made of. Steps and applies make them; `policy --for move` mirrors this file. */
export class LockAws extends DailyAws {
  override lasting(): LockAws {
    const { clock, random } = this.patience;
    return new LockAws(this.clients, { clock, random });
  }

  /** The caller's name in the move's lock and state: the run of CI where there is one, else the ARN. */
  async who(): Promise<string> {
    const { arn } = await this.caller();
    return process.env.GITHUB_RUN_ID ? whoami(process.env, arn) : arn;
  }

  /** A parameter that holds no secret, with its version; undefined when there is none. */
  async writtenParameter(name: string): Promise<Written | undefined> {
    try {
      const { Parameter } = await this.read("ssm:GetParameter", (options) =>
        this.clients.ssm.send(new GetParameterCommand({ Name: name }), options),
      );
      return { value: Parameter?.Value ?? "", version: Parameter?.Version ?? 0 };
    } catch (error) {
      if (error instanceof AwsError && error.code === "ParameterNotFound") return undefined;
      throw error;
    }
  }

  /** Makes a parameter. Returns false where there is one of that name already, whose text is another. */
  async createParameter(Name: string, Value: string): Promise<boolean> {
    const lasting = this.lasting();
    try {
      return await this.change("ssm:PutParameter", {
        call: async () => {
          await this.clients.ssm.send(new PutParameterCommand({ Name, Value, Type: "String" }));
          return true;
        },
        trace: `the parameter ${Name}`,
        look: async () => ((await lasting.parameter(Name)) === Value ? true : undefined),
      });
    } catch (error) {
      if (!(error instanceof AwsError && error.code === "ParameterAlreadyExists")) throw error;
      // The answer to an earlier attempt may have been lost.
      return (await lasting.parameter(Name)) === Value;
    }
  }
}
