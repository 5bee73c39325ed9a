import { z } from "zod";
import { refused } from "../deploy/errors";
import { type MoveEntry, type MoveState, type MoveStep, moveStateSchema } from "../modules/contract/move";
import type { Cloud } from "./aws/gateway";

/** What a parameter of the standard tier holds, in bytes. */
const LARGEST = 4_096;

/** Characters of a note that are kept: all entries together stay below that. */
const LONGEST_NOTE = 160;

/** Where the move stands: read from its parameter, and written there. */
export class Journal {
  private constructor(
    private readonly aws: Cloud,
    private readonly name: string,
    private current: MoveState,
    /** Makes sure that nobody else writes. */
    private readonly check: () => Promise<void>,
    private readonly by: string,
    private readonly now: () => number,
  ) {}

  /** @throws DeployError 1 where there is none, or it is no state of a move */
  static async read(
    aws: Cloud,
    name: string,
    { check, by, now }: { check: () => Promise<void>; by: string; now: () => number },
  ): Promise<Journal> {
    const text = await aws.parameter(name);
    if (text === undefined)
      throw refused(
        `The parameter ${name} is gone: nobody knows where the move stands.`,
        `Where no step was taken yet: npx slipway apply ${environmentOf(name)} makes it again.`,
        `Otherwise apply nothing: an apply would put everything back to the beginning, services on the old database and workers held. Write the parameter's text back (Terraform's state has it in aws_ssm_parameter.move, and so has what npx slipway move ${environmentOf(name)} --json printed last): aws ssm put-parameter --name ${name} --type String --value file://move.json`,
      );
    return new Journal(aws, name, parsed(text, name), check, by, now);
  }

  get state(): MoveState {
    return this.current;
  }

  entry(step: MoveStep): MoveEntry | undefined {
    return this.current.steps.find((one) => one.step === step);
  }

  /** Writes parts of the state anew. */
  async write(change: Partial<MoveState>): Promise<void> {
    const next = moveStateSchema.parse({ ...this.current, ...change });
    const text = JSON.stringify(next);
    if (Buffer.byteLength(text) > LARGEST)
      throw new Error(`the state of the move has ${Buffer.byteLength(text)} bytes, ${LARGEST} is the most`);
    await this.check();
    await this.aws.writeParameter(this.name, text);
    this.current = next;
  }

  /**
   * Writes down how a step stands, as its last entry, and with it parts of the state.
   * @param forget the step whose entry goes with the same writing: one that was gone back from
   */
  async record(
    step: MoveStep,
    state: MoveEntry["state"],
    { note, data }: Pick<MoveEntry, "note" | "data"> = {},
    change: Partial<MoveState> = {},
    forget?: MoveStep,
  ): Promise<void> {
    const at = new Date(this.now()).toISOString();
    const short = note?.split("\n")[0]?.slice(0, LONGEST_NOTE);
    const entry = { step, state, by: this.by, at, ...(short && { note: short }), ...(data && { data }) };
    const others = this.current.steps.filter((one) => one.step !== step && one.step !== forget);
    await this.write({ ...change, steps: [...others, entry] });
  }
}

/** The parameter's name has it: `/staging/move`. */
const environmentOf = (name: string) => name.split("/")[1] ?? "";

const reasonOf = (error: unknown) =>
  error instanceof z.ZodError ? z.prettifyError(error).replaceAll(/\s*\n\s*/g, " ") : String(error);

function parsed(text: string, name: string): MoveState {
  try {
    return moveStateSchema.parse(JSON.parse(text));
  } catch (error) {
    throw refused(
      `The parameter ${name} is no state of a move: ${reasonOf(error)}`,
      `Write back the last text that was one: aws ssm get-parameter-history --name ${name} --query "Parameters[-5:].[Version,Value]"`,
    );
  }
}
