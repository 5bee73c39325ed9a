/**
 * Reads a migration file as goose does: `-- +goose` annotations tell sections and blocks apart, elsewhere a semicolon at
 * a line's end ends a statement. Source: pressly/goose v3.27.3, internal/sqlparser.
 * @param {string} text
 * @param {"up" | "down"} direction the section that is wanted
 * @returns {{ statements: string[], transaction: boolean }}
 */
export function parse(text, direction) {
  const file = new Migration(direction);
  // Like Go's line scanner: the end of the last line begins no further one.
  for (const line of text.replace(/\r?\n$/, "").split(/\r?\n/)) file.read(line);
  return file.end();
}

class Migration {
  statements = [];
  transaction = true;
  /** "up" or "down" once their annotation was met. */
  section;
  /** Between StatementBegin and StatementEnd. */
  block = false;
  /** The statement so far. */
  buffer = "";

  constructor(direction) {
    this.direction = direction;
  }

  read(line) {
    const trimmed = line.trim();
    if (trimmed.startsWith("--") && line.includes("+goose")) this.annotate(line);
    // Comments and empty lines before a statement are none of it; within one they stay.
    else if (this.buffer === "" && (trimmed.startsWith("--") || line === "")) return;
    else if (this.section === undefined) {
      if (trimmed !== "")
        throw new Error(`failed to parse migration: unexpected state 0 on line ${quote(line)}`);
    } else if (this.section === this.direction) {
      this.buffer += `${line}\n`;
      if (!this.block && endsStatement(line)) this.take();
    }
  }

  annotate(line) {
    const words = line.replaceAll("--", "").replace("+goose", "").trim();
    const annotation = words.toUpperCase();
    if (/^\s/.test(line)) throw this.refuse(line, "contains leading whitespace: invalid annotation");
    if (annotation === "UP") {
      if (this.section) throw new Error("duplicate '-- +goose Up' annotations");
      this.section = "up";
    } else if (annotation === "DOWN") {
      if (this.section !== "up" || this.block) throw new Error("must start with '-- +goose Up' annotation");
      this.finished();
      this.section = "down";
    } else if (annotation === "STATEMENTBEGIN") {
      if (!this.section || this.block)
        throw new Error(
          "'-- +goose StatementBegin' must be defined after '-- +goose Up' or '-- +goose Down' annotation",
        );
      this.block = true;
    } else if (annotation === "STATEMENTEND") {
      if (!this.block)
        throw new Error("'-- +goose StatementEnd' must be defined after '-- +goose StatementBegin'");
      this.block = false;
      if (this.buffer !== "") this.take();
    } else if (annotation === "NO TRANSACTION") this.transaction = false;
    else throw this.refuse(line, `${quote(words)} not supported: invalid annotation`);
  }

  take() {
    this.statements.push(this.buffer.trim());
    this.buffer = "";
  }

  finished() {
    if (this.buffer.trim() !== "")
      throw new Error(
        `failed to parse migration: direction: ${this.direction}: unexpected unfinished SQL query: ${quote(this.buffer.trim())}: missing semicolon?`,
      );
  }

  end() {
    if (this.section === undefined)
      throw new Error("failed to parse migration: must start with '-- +goose Up' annotation");
    if (this.block) throw new Error("failed to parse migration: missing '-- +goose StatementEnd' annotation");
    this.finished();
    return { statements: this.statements, transaction: this.transaction };
  }

  refuse(line, why) {
    return new Error(`failed to parse annotation line ${quote(line)}: ${why}`);
  }
}

/** Whether the last word before a comment ends with a semicolon. */
function endsStatement(line) {
  const words = line.split(/\s+/);
  const comment = words.findIndex((word) => word.startsWith("--"));
  const code = (comment < 0 ? words : words.slice(0, comment)).filter((word) => word !== "");
  return code.at(-1)?.endsWith(";") ?? false;
}

const quote = (text) => JSON.stringify(text);
