import type { Fault } from "../engine/faults";

/** An error as AWS answers it. */
export class AwsFailure extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
    readonly more: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = code;
  }
}

export type ServiceName = "ecs" | "ecr" | "ssm" | "logs" | "sts";

/** "1 validation error detected", in the words that services generated from one framework share. */
export function missing(service: ServiceName, member: string): AwsFailure {
  const path = service === "ecs" ? member : lowerFirst(member);
  if (service === "ecs")
    return new AwsFailure("InvalidParameterException", `${capitalize(path)} can not be blank.`);
  if (service === "ecr")
    return new AwsFailure(
      "InvalidParameterException",
      `Invalid parameter at '${path}' failed to satisfy constraint: 'Member must not be null'`,
    );
  const code = service === "logs" ? "InvalidParameterException" : "ValidationException";
  return new AwsFailure(
    code,
    `1 validation error detected: Value null at '${path}' failed to satisfy constraint: Member must not be null`,
  );
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1);
}

function capitalize(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

const SERVER_ERROR: Record<ServiceName, string> = {
  ecs: "ServerException",
  ecr: "ServerException",
  ssm: "InternalServerError",
  logs: "ServiceUnavailableException",
  sts: "InternalFailure",
};

/** The error that a scripted fault answers with, or undefined when it is of another kind. */
export function failureOf(
  fault: Fault,
  service: ServiceName,
  action: string,
  caller: string,
): AwsFailure | undefined {
  switch (fault.kind) {
    case "throttle":
      return new AwsFailure(service === "sts" ? "Throttling" : "ThrottlingException", "Rate exceeded");
    case "server":
      return new AwsFailure(
        SERVER_ERROR[service],
        "Service Unavailable. Please try again later.",
        fault.status ?? 500,
      );
    case "denied":
      return new AwsFailure(
        service === "sts" ? "AccessDenied" : "AccessDeniedException",
        `User: ${caller} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`,
        service === "sts" ? 403 : 400,
      );
    case "expired":
      return new AwsFailure(
        service === "sts" ? "ExpiredToken" : "ExpiredTokenException",
        "The security token included in the request is expired",
        service === "sts" ? 403 : 400,
      );
    case "error":
      return new AwsFailure(fault.code ?? "ClientException", fault.message ?? "", fault.status ?? 400);
    default:
      return undefined;
  }
}
