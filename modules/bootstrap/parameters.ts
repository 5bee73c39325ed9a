import type { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { TerraformResource } from "cdktf";
import type { IConstruct } from "constructs";
import type { AnyEnvironment } from "../environment/any";

/**
 * The parameters that an environment's Terraform writes, as patterns of their names: the contract by its own, others by the
 * folder that they lie in, since a version that goes is read once more before it does. Those that a person writes are in none.
 */
export function parameterPatterns(environment: AnyEnvironment): string[] {
  const names = environment.node.findAll().flatMap((one) => (isParameter(one) ? (one.nameInput ?? []) : []));
  const folder = `/${environment.configuration.name}/database/`;
  // A database that goes is read once more, too. In its folder a person writes the URL of one that is elsewhere.
  const database = environment.externalDatabase ? [`${folder}*/*`, `${folder}logins`] : [`${folder}*`];
  const others = names.filter((name) => !name.startsWith(folder));
  return [...new Set([...others.map(patternOf), ...database])].sort();
}

const isParameter = (one: IConstruct): one is SsmParameter =>
  TerraformResource.isTerraformResource(one) && one.terraformResourceType === "aws_ssm_parameter";

function patternOf(name: string): string {
  // What is known only once it is applied stands for anything.
  const [, environment, folder, ...rest] = name.replaceAll(/\$\{[^}]*\}/g, "*").split("/");
  return rest.length > 0 ? `/${environment}/${folder}/*` : name;
}
