/**
 * Runs something without the stack trace that cdktf takes, formats through source maps and keeps for every token
 * it makes: half of a synthesis' time and memory. Errors keep theirs.
 * Source: cdktf/lib/tokens/private/stack-trace.js; V8's stack trace API, Error.captureStackTrace.
 */
export function withoutTokenTraces<T>(work: () => T): T {
  const before = Error.captureStackTrace;
  Error.captureStackTrace = (target, ...rest) => {
    // cdktf captures its traces on a plain object, which nobody ever reads.
    if (target instanceof Error) before(target, ...rest);
  };
  try {
    return work();
  } finally {
    Error.captureStackTrace = before;
  }
}
