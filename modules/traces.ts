/**
 * Runs something without the stack trace that cdktf takes, formats through source maps and keeps for every token
 * it makes: half of a synthesis' time and memory. Errors keep theirs.
 * Source: cdktf/lib/tokens/private/stack-trace.js; V8's stack trace API, Error.prepareStackTrace.
 */
export function withoutTokenTraces<T>(work: () => T): T {
  const before = Error.prepareStackTrace;
  Error.prepareStackTrace = (error, frames) => {
    // cdktf captures its traces on a plain object, which nobody ever reads.
    if (!(error instanceof Error)) return "";
    return [String(error), ...frames.map((frame) => `    at ${frame}`)].join("\n");
  };
  try {
    return work();
  } finally {
    Error.prepareStackTrace = before;
  }
}
