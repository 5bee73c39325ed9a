import { explained } from "../deploy/aws/error";
import { ImportError } from "./found";

/** What an ARN says of a service, and where it is. */
export interface Place {
  readonly arn: string;
  readonly region: string;
  /** What follows `service/`. */
  readonly names: readonly string[];
}

/**
 * The place of a service.
 * @param service as ARNs call it: `apprunner`, `ecs`
 * @param names how many names follow `service/`
 * @throws ImportError where it is no such ARN
 */
export function placeOf(arn: string, service: string, names: number): Place {
  const [, region, rest = ""] =
    new RegExp(`^arn:[\\w-]+:${service}:([a-z0-9-]+):\\d{12}:service/(.+)$`).exec(arn) ?? [];
  const parts = rest.split("/");
  if (!region || parts.length !== names || parts.includes(""))
    throw new ImportError([
      `${JSON.stringify(arn)} is no ARN of a service there: arn:aws:${service}:us-west-2:123456789012:service/${["name", "id"].slice(0, names).join("/")}.`,
    ]);
  return { arn, region, names: parts };
}

/** The answer to a call that reads. @throws ImportError that says what failed, and the permission that it needs */
export async function answer<T>(operation: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    const { kind, message } = explained(operation, error);
    throw new ImportError([
      kind === "denied"
        ? `${operation} is denied to these credentials: sign in as somebody who may.`
        : message,
    ]);
  }
}
