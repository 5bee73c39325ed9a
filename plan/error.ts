/** A mistake or a refusal: the message says what, why and the way out, and needs no stack trace. */
export class CommandError extends Error {}

/** What `promise.catch` was given, in one line. */
export const reasonOf = (error: unknown) =>
  error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
