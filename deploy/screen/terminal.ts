interface Output {
  isTTY?: boolean;
}

/** Whether somebody looks on who can be shown repaints: a dumb terminal (Emacs, some CI) cannot move its cursor. */
export const isTerminal = ({ isTTY }: Output, { TERM }: NodeJS.ProcessEnv) =>
  isTTY === true && TERM !== "dumb";

/** Whether to write in colours. Source: no-color.org. */
export const hasColors = (output: Output, env: NodeJS.ProcessEnv) => isTerminal(output, env) && !env.NO_COLOR;
