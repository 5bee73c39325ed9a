import type { AppRunnerContract } from "../../modules/contract/app-runner";
import type { AppRunnerAws } from "../aws/app-runner";
import type { Context } from "../context";

/** What every step works with in an environment on App Runner. */
export interface AppRunnerContext extends Omit<Context, "contract" | "moveState" | "aws" | "lasting"> {
  contract: AppRunnerContract;
  /** AWS, whose reads end with `signal`. */
  aws: AppRunnerAws;
  /** The same without a signal, for cleaning up after Ctrl-C. */
  lasting: AppRunnerAws;
}
