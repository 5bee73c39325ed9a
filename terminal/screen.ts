import pc from "picocolors";

interface Output {
  isTTY?: boolean;
}

export type Colors = ReturnType<typeof pc.createColors>;

/** The terminal, or whatever takes its place, and what belongs to it. */
export interface Screen {
  readonly stream: NodeJS.WriteStream;
  readonly colors: Colors;
  /** Whether a person watches, so that lines may be drawn over. */
  readonly live: boolean;
}

/** Whether somebody looks on who can be shown repaints: a dumb terminal (Emacs, some CI) cannot move its cursor. */
export const isTerminal = ({ isTTY }: Output, { TERM }: NodeJS.ProcessEnv) =>
  isTTY === true && TERM !== "dumb";

/** Whether to write in colours. Source: no-color.org. */
export const hasColors = (output: Output, env: NodeJS.ProcessEnv) => isTerminal(output, env) && !env.NO_COLOR;

/** Colours only on a terminal, and never with NO_COLOR; nothing is drawn over in CI. */
export const screenOf = (stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Screen => ({
  stream,
  colors: pc.createColors(hasColors(stream, env)),
  live: isTerminal(stream, env) && !env.CI,
});
