import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const FOLDER = join(__dirname, "mover");

/** What begins each file in the text that a task is given. */
const MARK = "#### ";

/** The mover's files as one text, each behind a line with its name: what a task definition can hold. */
export const moverProgram = (): string =>
  readdirSync(FOLDER)
    .sort()
    .map((file) => `${MARK}${file}\n${readFileSync(join(FOLDER, file), "utf8")}`)
    .join("");

/**
 * What a shell of the image runs: takes the packed text in `PROGRAM` apart again, and runs the verbs in `MOVER`.
 * The shell is gone by then, so that a signal reaches the mover itself.
 */
export const MOVER_COMMAND = [
  'folder=$(mktemp -d); cd "$folder"',
  `printf %s "$PROGRAM" | base64 -d | gunzip | awk '/^${MARK}/ { file = $2; next } { print > file }'`,
  "unset PROGRAM; exec bash mover.sh $MOVER",
].join("; ");
