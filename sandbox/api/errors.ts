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

/** Services whose operations are methods and paths. */
export type RestService = "cloudfront" | "cloudfront-keyvaluestore" | "route53" | "scheduler";
export type ServiceName =
  | "application-autoscaling"
  | "apprunner"
  | "cloudwatch"
  | "ecs"
  | "ecr"
  | "ssm"
  | "logs"
  | "sts"
  | "rds"
  | "s3"
  | RestService;

export const isRest = (service: string | undefined): service is RestService =>
  service === "cloudfront" ||
  service === "cloudfront-keyvaluestore" ||
  service === "route53" ||
  service === "scheduler";

/** Services that speak the query protocol: forms are asked, and XML is answered. */
export const isOfQueries = (service: string | undefined): service is "sts" | "rds" =>
  service === "sts" || service === "rds";

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
  if (service === "apprunner") return new AwsFailure("InvalidRequestException", `${member} is required.`);
  if (service === "rds")
    return new AwsFailure(
      "InvalidParameterValue",
      `The parameter ${member} must be provided and must not be blank.`,
    );
  if (service === "cloudfront") return new AwsFailure("MissingArgument", `${member} is required.`);
  if (service === "cloudwatch")
    return new AwsFailure("MissingParameter", `The parameter ${member} is required.`);
  if (service === "route53") return new AwsFailure("InvalidInput", `Invalid request: Missing ${member}`);
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

/** Whose access key nobody knows, in each service's words (the references' "Common Errors"). */
export function unknownKey(service: ServiceName): AwsFailure {
  if (service === "s3")
    return new AwsFailure(
      "InvalidAccessKeyId",
      "The AWS Access Key Id you provided does not exist in our records.",
      403,
    );
  const said = "The security token included in the request is invalid.";
  return OLDER[service]
    ? new AwsFailure("InvalidClientTokenId", said, 403)
    : new AwsFailure("UnrecognizedClientException", said);
}

const SERVER_ERROR: Record<ServiceName, string> = {
  "application-autoscaling": "InternalServiceException",
  apprunner: "InternalServiceErrorException",
  cloudwatch: "InternalServiceFault",
  ecs: "ServerException",
  ecr: "ServerException",
  ssm: "InternalServerError",
  logs: "ServiceUnavailableException",
  sts: "InternalFailure",
  rds: "InternalFailure",
  s3: "InternalError",
  cloudfront: "InternalError",
  "cloudfront-keyvaluestore": "InternalServerException",
  route53: "InternalFailure",
  scheduler: "InternalServerException",
};

const OF_QUERIES: Record<"throttle" | "denied" | "expired", [string, number]> = {
  throttle: ["Throttling", 400],
  denied: ["AccessDenied", 403],
  expired: ["ExpiredToken", 403],
};

/** What the older protocols call the same thing (Amazon S3 API Reference, "Error responses"). */
const OLDER: Partial<Record<ServiceName, Record<"throttle" | "denied" | "expired", [string, number]>>> = {
  sts: OF_QUERIES,
  rds: OF_QUERIES,
  cloudfront: OF_QUERIES,
  route53: OF_QUERIES,
  s3: { throttle: ["SlowDown", 503], denied: ["AccessDenied", 403], expired: ["ExpiredToken", 400] },
};

/** The error that a scripted fault answers with, or undefined when it is of another kind. */
export function failureOf(
  fault: Fault,
  service: ServiceName,
  action: string,
  caller: string,
): AwsFailure | undefined {
  const older = OLDER[service];
  switch (fault.kind) {
    case "throttle": {
      const [code, status] = older?.throttle ?? ["ThrottlingException", 400];
      return new AwsFailure(code, "Rate exceeded", status);
    }
    case "server":
      return new AwsFailure(
        SERVER_ERROR[service],
        "Service Unavailable. Please try again later.",
        fault.status ?? 500,
      );
    case "denied": {
      const [code, status] = older?.denied ?? ["AccessDeniedException", 400];
      const said = `User: ${caller} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`;
      return new AwsFailure(code, said, status);
    }
    case "expired": {
      const [code, status] = older?.expired ?? ["ExpiredTokenException", 400];
      return new AwsFailure(code, "The security token included in the request is expired", status);
    }
    case "error":
      return new AwsFailure(fault.code ?? "ClientException", fault.message ?? "", fault.status ?? 400);
    default:
      return undefined;
  }
}
