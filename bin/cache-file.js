// The file of a cache of packages: a digest; the entries in JSON, by the names of the files that they are of; all texts; all that V8
// made of them. package-cache.js says what it is for.
const { createHash, randomUUID } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } = require("node:fs");
const { dirname } = require("node:path");

const DIGEST_BYTES = 32;

/** The entries in a file; none where it is torn or another Node's: V8 does not look at what it is given, and would crash. */
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

/** Writes a file as a whole or not at all: two processes may, and none fails for it. */
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

/** Adds to parts that lie behind each other, and says from where to where each goes. */
function partsOf(parts) {
  let end = 0;
  return (part) => {
    parts.push(part);
    end += part.length;
    return [end - part.length, end];
  };
}

/** What tells a file from what it was: the time of the last change, since installers set that of the last writing. Empty where there is no such file. */
function stateOf(name) {
  try {
    const { ctimeMs, size } = statSync(name);
    return { ctimeMs, size };
  } catch {
    return {};
  }
}
exports.stateOf = stateOf;

/** What a cache is for: one build of Node, and of Slipway. V8 takes what another build of its version wrote. */
const BUILDS = JSON.stringify([
  process.version,
  process.arch,
  stateOf(process.execPath),
  stateOf(__filename),
]);

/** Whether the file of an entry is as it was. */
exports.isFresh = ([name, { ctimeMs, size }]) => {
  const now = stateOf(name);
  return now.size !== undefined && now.ctimeMs === ctimeMs && now.size === size;
};

const digestOf = (content) => createHash("sha256").update(BUILDS).update(content).digest();
