import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Fn, Op, Token } from "cdktf";
import { Construct } from "constructs";
import { FIRST_MOVE_STATE, moveParameter } from "../contract/move";
import { ITSELF } from "../stack";

/** What keeps a service's work back until a person says that the old one is stopped. */
export interface Hold {
  /** The number that is meant, 0 until then. */
  count(meant: number): number;
  /** A schedule's state. */
  state(): string;
}

/**
 * How far the move has come. Terraform makes the parameter and reads it; `slipway move` writes it, so that what a step has done
 * live is what the next apply wants.
 */
export class MoveState extends Construct {
  readonly parameter: SsmParameter;

  constructor(scope: Construct, id: string, environment: string) {
    super(scope, id);
    this.parameter = new SsmParameter(this, ITSELF, {
      name: moveParameter(environment),
      description: "How far the move has come, written by slipway move",
      type: "String",
      tier: "Intelligent-Tiering",
      insecureValue: JSON.stringify(FIRST_MOVE_STATE),
      lifecycle: { ignoreChanges: ["insecure_value"] },
    });
  }

  /** One of two values, by the database that services use. */
  chooseDatabase(own: string, external: string): string {
    return Token.asString(Fn.conditional(Op.eq(this.read("use"), "own"), own, external));
  }

  /** A distribution's names, without the one that another distribution has until `front` takes it from there. */
  aliases(names: readonly string[], domain: string): string[] {
    const others = names.filter((name) => name !== domain);
    return Token.asList(Fn.conditional(this.read("alias"), [...names], others));
  }

  /** What holds the service's work. */
  holdOf(service: string): Hold {
    const isReleased = Fn.contains(this.read("workers"), service);
    return {
      count: (meant) => Token.asNumber(Fn.conditional(isReleased, meant, 0)),
      state: () => Token.asString(Fn.conditional(isReleased, "ENABLED", "DISABLED")),
    };
  }

  private read(key: string) {
    return Fn.lookupNested(Fn.jsondecode(this.parameter.insecureValue), [key]);
  }
}
