import { randomInt } from "node:crypto";
import { AwsError, text } from "../aws/kind";
import { parameterValue } from "../parameter-value";
import type { Fields } from "../wire/value";
import type { World } from "../world";

/** Opens an ephemeral resource: its value lives in Terraform's memory only. */
export function openEphemeral(type: string, config: Fields, world: World, region: string): Fields {
  const opened: Fields = { ...config, region: text(config, "region") || region };
  if (type === "aws_secretsmanager_random_password")
    return { ...opened, random_password: randomPassword(config) };
  if (type === "aws_ssm_parameter") {
    const found = world.find({ type, region, where: { arn: text(config, "arn") } });
    if (!found) throw new AwsError("ParameterNotFound", `${text(config, "arn")} does not exist`, "arn");
    const { name, type: tier, version } = found.attributes as Fields;
    const value = parameterValue(world, found) ?? "";
    return { ...opened, name: name ?? null, type: tier ?? null, version: version ?? null, value };
  }
  const secret = world.find({ type, region, where: { secret_id: text(config, "secret_id") } });
  if (!secret)
    throw new AwsError(
      "ResourceNotFoundException",
      "Secrets Manager can't find the specified secret.",
      "secret_id",
    );
  const value = world.reveal(secret, "secret_string_wo") ?? world.reveal(secret, "secret_string") ?? null;
  return {
    ...opened,
    arn: (secret.attributes.arn as string) ?? null,
    secret_string: value,
    version_stages: ["AWSCURRENT"],
  };
}

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/** The alphabet and the default length of 32 are those of Secrets Manager's GetRandomPassword. */
function randomPassword(config: Fields): string {
  const excluded = text(config, "exclude_characters");
  const groups = [
    config.exclude_lowercase ? "" : LOWER,
    config.exclude_uppercase ? "" : LOWER.toUpperCase(),
    config.exclude_numbers ? "" : "0123456789",
    config.exclude_punctuation ? "" : PUNCTUATION,
    config.include_space ? " " : "",
  ]
    .map((group) => [...group].filter((letter) => !excluded.includes(letter)).join(""))
    .filter((group) => group !== "");
  const length = typeof config.password_length === "number" ? config.password_length : 32;
  const alphabet = groups.join("");
  if (alphabet === "" || length < 1) {
    throw new AwsError(
      "InvalidParameterException",
      "Password length and characters leave nothing to choose from.",
    );
  }
  const pick = (from: string) => from.charAt(randomInt(from.length));
  const every = config.require_each_included_type !== false && length >= groups.length;
  const letters = every ? groups.map(pick) : [];
  while (letters.length < length) letters.splice(randomInt(letters.length + 1), 0, pick(alphabet));
  return letters.join("");
}
