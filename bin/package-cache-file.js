// How a cache of packages lies in a file: a digest; an index in JSON, with one entry for each module's file; all modules' texts; the
// code that V8 made of them. package-cache.js says what it is for.
const { createHash, randomUUID } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require("node:fs");
const { dirname } = require("node:path");

const DIGEST_BYTES = 32;

/** The entries in a file; none where it is torn, or was written by another Node: V8 does not check code that it is given, and would crash. */
exports.readCache = (file) => {
  try {
    const whole = readFileSync(file);
    const content = whole.subarray(DIGEST_BYTES);
    if (!digestOf(content).equals(whole.subarray(0, DIGEST_BYTES))) return new Map();
    const end = content.indexOf("\n") + 1;
    const { size, entries } = JSON.parse(content.toString("utf8", 0, end));
    // One string, which V8 keeps outside of what it collects: each text is a part of it.
    const texts = content.latin1Slice(end, end + size);
    const codes = content.subarray(end + size);
    return new Map(
      entries.map(([name, { text, code, ...entry }]) => [
        name,
        { ...entry, text: texts.slice(...text), code: codes.subarray(...code) },
      ]),
    );
  } catch {
    return new Map();
  }
};

/** Writes a file as a whole or not at all. Two processes may write at once; one that cannot write goes on without. */
exports.writeCache = (file, entries) => {
  try {
    const [texts, codes] = [[], []];
    const [text, code] = [partsOf(texts), partsOf(codes)];
    const index = [...entries].map(([name, { script, ...entry }]) => [
      name,
      {
        ...entry,
        text: text(Buffer.from(entry.text, "latin1")),
        code: code(script?.createCachedData() ?? entry.code),
      },
    ]);
    const size = texts.reduce((sum, { length }) => sum + length, 0);
    const head = Buffer.from(`${JSON.stringify({ size, entries: index })}\n`);
    const content = Buffer.concat([head, ...texts, ...codes]);
    mkdirSync(dirname(file), { recursive: true });
    replace(file, Buffer.concat([digestOf(content), content]));
  } catch {
    // A folder that is read-only, a full disk: the next process compiles again.
  }
};

function replace(file, content) {
  const temporary = `${file}.${randomUUID()}`;
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Appends to a list of parts that lie one behind the other, and returns the offsets at which each begins and ends. */
function partsOf(parts) {
  let end = 0;
  return (part) => {
    parts.push(part);
    end += part.length;
    return [end - part.length, end];
  };
}

/** The state of a file, by which a change is seen: its size and ctime, since installers set mtime as they like. Empty where there is no such file. */
function stateOf(name) {
  try {
    const { ctimeMs, size } = statSync(name);
    return { ctimeMs, size };
  } catch {
    return {};
  }
}
exports.stateOf = stateOf;

/** The builds of Node and of Slipway that a cache is for: V8 itself takes code from any build of its version. */
const BUILDS = JSON.stringify([
  process.version,
  process.arch,
  stateOf(process.execPath),
  stateOf(__filename),
]);

/** Whether a module's file is as it was when its entry was made. */
exports.isFresh = ([name, { ctimeMs, size }]) => {
  const now = stateOf(name);
  return now.size !== undefined && now.ctimeMs === ctimeMs && now.size === size;
};

const digestOf = (content) => createHash("sha256").update(BUILDS).update(content).digest();
