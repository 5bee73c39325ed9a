/** What went wrong, in words for the person who reads the job's log. */
export class CommandError extends Error {
  override name = "CommandError";
}
