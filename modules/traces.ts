/**
 * Runs something without the stack trace that cdktf takes, formats through source maps and keeps for every token
 * it makes: half of a synthesis' time and memory. Errors keep theirs.
 * Source: cdktf/lib/tokens/private/stack-trace.js; V8's stack trace API, Error.captureStackTrace.
 */
export function withoutTokenTraces<T>(work: () => T): T {
  const before = Error.captureStackTrace;
  Error.captureStackTrace = (target, ...rest) => {
    if (!isUnread(target)) before(target, ...rest);
  };
  try {
    return work();
  } finally {
    Error.captureStackTrace = before;
  }
}

/** Whether a trace is one that cdktf captures, on an object with an empty one, and nobody ever reads: packages ask on other objects. */
const isUnread = (target: { readonly stack?: string }) => !(target instanceof Error) && target.stack === "";
