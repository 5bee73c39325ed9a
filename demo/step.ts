/** Shows a person who watches what a command prints, line by line. */
export type Show = (line: string) => void;

/** A step of the story: what it is called, and what it does; the answer is what came of it, in a few words. */
export type Step = readonly [title: string, act: (show: Show) => Promise<string>];

/**
 * What a command must have printed, in words.
 * @throws Error with all that it printed, where it did not
 */
export function found(output: string, pattern: RegExp, words: string): string {
  const match = pattern.exec(output);
  if (match === null) throw new Error(`Expected ${pattern} in:\n\n${output}`);
  return words.replace(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? "");
}

/** What is told, and how it ends. */
export interface Story {
  readonly steps: readonly Step[];
  /** What has become of it, before the time that it took. */
  readonly moral: string;
  /** A command to go on with. */
  readonly next: string;
  close(): Promise<void>;
}
