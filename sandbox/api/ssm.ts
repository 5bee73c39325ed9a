import type * as ssm from "@aws-sdk/client-ssm";
import { arnOf, number, text } from "../engine/attributes";
import { encryptsParameters, PARAMETER_KEY } from "../aws/kms";
import { parameterValue } from "../parameter-value";
import type { World, WorldObject } from "../world";
import { type Call, type Operations, operation, page } from "./call";
import { AwsFailure } from "./errors";

export const SSM: Operations = {
  GetParameter: operation<ssm.GetParameterRequest, ssm.GetParameterResult>(["Name"], (call, input) => {
    const object = find(call, input.Name ?? "");
    if (!object) throw new AwsFailure("ParameterNotFound", "");
    return { Parameter: view(call, object, input.WithDecryption ?? false) };
  }),
  GetParameters: operation<ssm.GetParametersRequest, ssm.GetParametersResult>(["Names"], (call, input) => {
    const names = input.Names ?? [];
    if (names.length > 10)
      throw new AwsFailure(
        "ValidationException",
        "1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length less than or equal to 10",
      );
    const found = [...new Set(names)].map((name) => ({ name, object: find(call, name) }));
    return {
      Parameters: found.flatMap(({ object }) =>
        object ? [view(call, object, input.WithDecryption ?? false)] : [],
      ),
      InvalidParameters: found.flatMap(({ name, object }) => (object ? [] : [name])),
    };
  }),
  GetParametersByPath: operation<ssm.GetParametersByPathRequest, ssm.GetParametersByPathResult>(
    ["Path"],
    (call, input) => {
      const path = `${(input.Path ?? "").replace(/\/$/, "")}/`;
      const all = parameters(call).filter(({ attributes }) => {
        const name = text(attributes, "name");
        return name.startsWith(path) && (input.Recursive || !name.slice(path.length).includes("/"));
      });
      const { items, nextToken } = page(all, input.NextToken, size(input.MaxResults, 10));
      return {
        Parameters: items.map((object) => view(call, object, input.WithDecryption ?? false)),
        ...(nextToken ? { NextToken: nextToken } : {}),
      };
    },
  ),
  DescribeParameters: operation<ssm.DescribeParametersRequest, ssm.DescribeParametersResult>(
    [],
    describeParameters,
  ),
  PutParameter: operation<ssm.PutParameterRequest, ssm.PutParameterResult>(["Name", "Value"], putParameter),
  DeleteParameter: operation<ssm.DeleteParameterRequest, ssm.DeleteParameterResult>(
    ["Name"],
    (call, input) => {
      const object = find(call, input.Name ?? "");
      if (!object) throw new AwsFailure("ParameterNotFound", "");
      call.sim.edits.push((world) => world.remove(object));
      return {};
    },
  ),
};

function parameters(call: Call): WorldObject[] {
  return call.sim.world
    .list({ type: "aws_ssm_parameter", region: call.region })
    .filter(({ region }) => region === call.region)
    .sort((one, other) => text(one.attributes, "name").localeCompare(text(other.attributes, "name")));
}

/** By name or ARN, with ":version" if wanted: only the newest version is kept here. */
function find(call: Call, given: string): WorldObject | undefined {
  const [, bare = given, version] = /^(.*?)(?::(\d+))?$/.exec(given) ?? [];
  const object = parameters(call).find(
    (one) => text(one.attributes, "name") === bare || arnOf(one) === given || arnOf(one) === bare,
  );
  if (!object || version === undefined || arnOf(object) === given) return object;
  if (Number(version) !== versionOf(object))
    throw new AwsFailure(
      "ParameterVersionNotFound",
      `Systems Manager could not find version ${version} of ${bare}.`,
    );
  return object;
}

function versionOf(object: WorldObject): number {
  return number(object.attributes, "version", 1);
}

function changedAt(call: Call, object: WorldObject): Date {
  const key = `${object.region}|${text(object.attributes, "name")}`;
  return new Date(call.sim.state.parameters[key] ?? Date.UTC(2026, 0, 1));
}

/** Without decryption a SecureString is ciphertext: something that tells nothing. */
function view(call: Call, object: WorldObject, decrypt: boolean): ssm.Parameter {
  const value = parameterValue(call.sim.world, object) ?? "";
  const type = text(object.attributes, "type") || "String";
  const secret = type === "SecureString" && !decrypt;
  return {
    Name: text(object.attributes, "name"),
    Type: type as ssm.ParameterType,
    Value: secret
      ? `AQICAH${Buffer.from(call.sim.world.vault.fingerprint(value)).toString("base64")}`
      : value,
    Version: versionOf(object),
    LastModifiedDate: changedAt(call, object),
    ARN: arnOf(object),
    DataType: "text",
  };
}

function describeParameters(call: Call, input: ssm.DescribeParametersRequest): ssm.DescribeParametersResult {
  const all = parameters(call).filter((object) =>
    (input.ParameterFilters ?? []).every((filter) => matches(object, filter)),
  );
  const { items, nextToken } = page(all, input.NextToken, size(input.MaxResults, 50));
  return {
    Parameters: items.map((object) => ({
      Name: text(object.attributes, "name"),
      ARN: arnOf(object),
      Type: (text(object.attributes, "type") || "String") as ssm.ParameterType,
      Description: text(object.attributes, "description"),
      KeyId: text(object.attributes, "key_id") || undefined,
      Version: versionOf(object),
      LastModifiedDate: changedAt(call, object),
      LastModifiedUser: call.caller.arn,
      Tier: "Standard",
      DataType: "text",
    })),
    ...(nextToken ? { NextToken: nextToken } : {}),
  };
}

function matches(object: WorldObject, filter: ssm.ParameterStringFilter): boolean {
  const name = text(object.attributes, "name");
  const values = filter.Values ?? [];
  if (filter.Key === "Type") return values.includes(text(object.attributes, "type"));
  if (filter.Key === "Path") {
    const under = (path: string) => name.startsWith(`${path.replace(/\/$/, "")}/`);
    return values.some(
      (path) =>
        under(path) &&
        (filter.Option === "Recursive" || !name.slice(path.replace(/\/$/, "").length + 1).includes("/")),
    );
  }
  if (filter.Key !== "Name")
    throw new AwsFailure("InvalidFilterKey", `The sandbox does not filter parameters by ${filter.Key}.`);
  if (filter.Option === "BeginsWith") return values.some((value) => name.startsWith(value));
  if (filter.Option === "Contains") return values.some((value) => name.includes(value));
  return values.includes(name);
}

function size(given: number | undefined, most: number): number {
  if (given !== undefined && (given < 1 || given > most))
    throw new AwsFailure(
      "ValidationException",
      `1 validation error detected: Value '${given}' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to ${most}`,
    );
  return given ?? most;
}

/** What a person does by hand in the console, too: the version goes up by one. */
function putParameter(call: Call, input: ssm.PutParameterRequest): ssm.PutParameterResult {
  const name = input.Name ?? "";
  const object = find(call, name);
  if (object && !input.Overwrite)
    throw new AwsFailure(
      "ParameterAlreadyExists",
      "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    );
  if (input.Overwrite && input.Tags)
    throw new AwsFailure(
      "ValidationException",
      "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
    );
  if (!object && !input.Type)
    throw new AwsFailure("ValidationException", "A parameter type is required when you create a parameter.");
  if (input.KeyId && !encryptsParameters(call.sim.world, call.region, input.KeyId))
    throw new AwsFailure("InvalidKeyId", `Invalid keyId ${input.KeyId}`);
  const version = object ? versionOf(object) + 1 : 1;
  call.sim.state.parameters[`${call.region}|${name}`] = call.sim.state.time;
  call.sim.edits.push((world) => write(world, call, input, object, version));
  return { Version: version, Tier: "Standard" };
}

function write(
  world: World,
  call: Call,
  input: ssm.PutParameterRequest,
  object: WorldObject | undefined,
  version: number,
): void {
  const name = input.Name ?? "";
  const path = name.startsWith("/") ? name : `/${name}`;
  const made: WorldObject = object ?? {
    type: "aws_ssm_parameter",
    region: call.region,
    id: name,
    attributes: {
      name,
      arn: `arn:aws:ssm:${call.region}:${world.account}:parameter${path}`,
      tags: Object.fromEntries((input.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value])),
    },
    origin: "person",
  };
  const type = input.Type ?? (text(made.attributes, "type") || "String");
  // What Terraform knows as no secret is read back where it looks for it.
  if (type !== "SecureString" && text(made.attributes, "insecure_value") !== "") {
    world.put({ ...made, attributes: { ...made.attributes, version, insecure_value: input.Value ?? "" } });
    return;
  }
  world.put({
    ...made,
    // A new version lies under the account's key unless another is named, whatever the one before lay under.
    attributes: {
      ...made.attributes,
      type,
      version,
      key_id: type === "SecureString" ? (input.KeyId ?? PARAMETER_KEY) : "",
    },
    // What came through a write-only argument stays there: Terraform never reads it back.
    sealed: { [object?.sealed?.value_wo ? "value_wo" : "value"]: world.vault.seal(input.Value ?? "") },
  });
}
