/** What can go wrong between a program and AWS, for some calls. */
export interface Fault {
  /** "ecs:RunTask", all of a service as "ecs:*", or everything as "*". */
  operation: string;
  kind:
    | "throttle"
    /** 5xx; `status` says which. */
    | "server"
    /** The connection breaks before anything is done. */
    | "reset"
    /** The call is carried out, but its answer is lost. */
    | "lost"
    /** The call is done twice, as when a proxy sends it again; the second answer arrives. */
    | "double"
    /** The answer takes `delay` milliseconds. */
    | "slow"
    /** A read answers what was true before the last change. */
    | "stale"
    /** DescribeTasks does not know the tasks yet. */
    | "missing"
    | "denied"
    /** The credentials' session is over. */
    | "expired"
    /** Any error: `code` and `message`. */
    | "error";
  /** So many calls pass unharmed first. */
  skip?: number;
  /** So many calls are hit; all that follow if absent. */
  count?: number;
  /** Only from this virtual time on. */
  from?: number;
  until?: number;
  delay?: number;
  status?: number;
  code?: string;
  message?: string;
}

/** The faults that hit this call. Counts them as used. */
export function takeFaults(faults: Fault[], operation: string, now: number): Fault[] {
  const hit: Fault[] = [];
  for (const fault of [...faults]) {
    if (!matches(fault.operation, operation)) continue;
    if ((fault.from ?? now) > now || (fault.until ?? now) < now) continue;
    if ((fault.skip ?? 0) > 0) {
      fault.skip = (fault.skip ?? 0) - 1;
      continue;
    }
    hit.push(fault);
    if (fault.count === undefined) continue;
    fault.count -= 1;
    if (fault.count <= 0) faults.splice(faults.indexOf(fault), 1);
  }
  return hit;
}

function matches(pattern: string, operation: string): boolean {
  if (pattern === "*" || pattern === operation) return true;
  return pattern.endsWith(":*") && operation.startsWith(pattern.slice(0, -1));
}
