/** Why a call to AWS failed, as far as it changes what happens next. */
export type AwsErrorKind =
  /** Too many calls from this account: waiting helps. */
  | "throttled"
  /** A server fault or a broken connection: waiting helps, and a change may have been made all the same. */
  | "transient"
  /** An answer to a change was lost, and no look could tell whether it was made. */
  | "lost"
  /** The role lacks a permission. */
  | "denied"
  /** No credentials, or expired ones. */
  | "credentials"
  /** AWS understood and said no. */
  | "refused";

/** A failed call, named as in an IAM policy (`ecs:RunTask`), in words for the person who reads the log. */
export class AwsError extends Error {
  override name = "AwsError";
  constructor(
    readonly operation: string,
    readonly kind: AwsErrorKind,
    /** The name of AWS's exception, such as `ClusterNotFoundException`. */
    readonly code: string,
    message: string,
    override readonly cause: unknown,
  ) {
    super(message);
  }
}

/** Whether the same call may succeed a moment later. */
export const isPassing = (error: unknown) =>
  error instanceof AwsError && (error.kind === "throttled" || error.kind === "transient");

/** Codes of a connection that never came about: the request was not carried out. */
const UNREACHED = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN"]);

/** Whether AWS cannot have received the call. */
export const neverArrived = ({ code, cause }: AwsError) =>
  UNREACHED.has(code) || UNREACHED.has((cause as Thrown | undefined)?.code ?? "");

const THROTTLED = new Set([
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "RequestThrottled",
  "RequestThrottledException",
  "RequestLimitExceeded",
  "TooManyRequestsException",
  "SlowDown",
]);
const DENIED = new Set(["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"]);
const CREDENTIALS = new Set([
  "CredentialsProviderError",
  "TokenProviderError",
  "ExpiredToken",
  "ExpiredTokenException",
  "InvalidClientTokenId",
  "UnrecognizedClientException",
  "InvalidSignatureException",
  "SignatureDoesNotMatch",
  "MissingAuthenticationToken",
  "MissingAuthenticationTokenException",
]);
/** Node's codes of a connection that broke, or never came about. */
const NETWORK = new Set([...UNREACHED, "ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT"]);

/** The parts of an SDK exception, or of a Node error, that tell what it is. */
interface Thrown {
  name?: string;
  code?: string;
  message?: string;
  $fault?: "client" | "server";
  $metadata?: { httpStatusCode?: number };
}

function kindOf({ name = "", code = "", $fault, $metadata }: Thrown): AwsErrorKind {
  const status = $metadata?.httpStatusCode ?? 0;
  if (THROTTLED.has(name) || status === 429) return "throttled";
  if (DENIED.has(name)) return "denied";
  if (CREDENTIALS.has(name)) return "credentials";
  if ($fault === "server" || status >= 500) return "transient";
  if (name === "TimeoutError" || NETWORK.has(code)) return "transient";
  return "refused";
}

const ADVICE: Record<AwsErrorKind, string> = {
  throttled: "AWS throttles this account; wait a minute and run it again.",
  transient: "AWS did not answer; run it again.",
  lost: "",
  denied: "The role lacks this permission; `npx slipway policy <environment>` prints what it needs.",
  credentials: "Sign in again (aws sso login, or fresh credentials for this job), then run it again.",
  refused: "",
};

/** How AWS says that it saw a time too far from its own in a signature. */
const WRONG_TIME = /Signature (expired|not yet current)/;
const SET_CLOCK = "AWS takes a signature for five minutes: set this machine's clock, then run it again.";

/** Environments are applied before the stack that makes their repositories, too. */
const NO_REPOSITORY =
  "Where Slipway makes it: npx slipway plan bootstrap, npx slipway apply bootstrap; in a further account bootstrap-<account>.";

/** Names the operation and what to do about it. */
export function explained(operation: string, error: unknown): AwsError {
  const thrown = (error ?? {}) as Thrown;
  const kind = kindOf(thrown);
  const code = thrown.name === "Error" ? (thrown.code ?? "Error") : (thrown.name ?? "Error");
  const said = thrown.message ? `${code}: ${thrown.message}` : code;
  const missing = code === "RepositoryNotFoundException" ? NO_REPOSITORY : ADVICE[kind];
  const advice = WRONG_TIME.test(said) ? SET_CLOCK : missing;
  const sentence = `${operation}: ${said.replace(/\.?\s*$/, ".")}`;
  return new AwsError(operation, kind, code, `${sentence} ${advice}`.trim(), error);
}
