import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Fn, TerraformLocal, TerraformOutput } from "cdktf";
import type { Construct } from "constructs";
import { type Contract, contractParameter } from ".";
import type { AppRunnerContract } from "./app-runner";

/** A parameter holds 8 KiB, which is some seven services in plain JSON: from here on it is packed. */
const MOST_READABLE = 4;

/** The contract, written twice: for programs that have the state at hand, and for a deployment that has not. */
export function writeContract(scope: Construct, contract: Contract | AppRunnerContract): SsmParameter {
  const text = JSON.stringify(contract);
  new TerraformOutput(scope, "deploy", { value: text, description: "What deploy needs to know, as JSON" });
  return new SsmParameter(scope, "contract", {
    name: contractParameter(contract.environment),
    description: "What deploy needs to know, written by Terraform",
    type: "String",
    tier: "Intelligent-Tiering",
    value: contract.services.length > MOST_READABLE ? packed(scope, text) : text,
  });
}

/** Packed by Terraform, which alone knows the values. In a local of its own: an expression could not be quoted. */
const packed = (scope: Construct, text: string): string =>
  Fn.base64gzip(new TerraformLocal(scope, "contract_text", text).asString);
