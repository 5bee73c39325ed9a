const MASK = "***";

/** Hides passwords, keys and tokens in a line that somebody else wrote: container logs, AWS messages. */
export const mask = (text: string) =>
  maskTokens(maskBearers(maskAssignments(maskUrls(text.replace(PRIVATE_KEY, MASK)))));

/** A private key in PEM, from its first line to its last, or as far as the text goes. */
const PRIVATE_KEY =
  /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}-----|$)/g;
const OPEN_KEY = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?![\s\S]*-----END )/;
const KEY_ENDS = /-----END [A-Z0-9 ]{0,40}-----/;
/** What a key's lines hold, whatever a logger wrote in front of them; the last one may be short. */
const KEY_LINE = /[A-Za-z0-9+/=]{16,}|^\s*(?:[A-Za-z0-9+/]+={0,2}|(?:Proc-Type|DEK-Info):.*)\s*$/g;
/** The largest keys in use, RSA of 8192 bits, have 101 lines; others' lines may stand between. */
const LONGEST_KEY = 200;

/** The masks for the lines of one stream: a private key stands on several. */
export class StreamMask {
  /** How many lines may still belong to a key. */
  private ofKey = 0;

  line(text: string): string {
    const within = this.ofKey > 0;
    if (OPEN_KEY.test(text)) this.ofKey = LONGEST_KEY;
    else if (within) this.ofKey = KEY_ENDS.test(text) ? 0 : this.ofKey - 1;
    return mask(within ? text.replace(KEY_LINE, MASK) : text);
  }
}

/** `scheme://user:password@`: the password may hold `@`, `:` and `/`, so the last `@` before a space ends it. */
const maskUrls = (text: string) =>
  text.replace(URL, (whole, before: string, scheme: string, rest: string) => {
    // Within "…" the closing quote ends it, however much JSON follows without a space.
    const quoted = before === '"' ? endOfQuoted(rest, { character: before, backslashes: 0, end: 0 }, 0) : 0;
    const url = quoted > 0 ? rest.slice(0, quoted) : rest;
    const masked = maskUserinfo(scheme, url);
    return masked === url ? whole : `${before}${scheme}://${masked}${rest.slice(url.length)}`;
  });

const URL = /(^|[^a-z0-9+.-])([a-z][a-z0-9+.-]{0,30}):\/\/(\S+)/gi;

function maskUserinfo(scheme: string, rest: string): string {
  const at = rest.lastIndexOf("@");
  const colon = rest.indexOf(":");
  if (at > colon && colon >= 0) return `${rest.slice(0, colon)}:${MASK}${rest.slice(at)}`;
  // A token in the user's place, as Git hosts take it; the user of a database is none.
  if (/^https?$/i.test(scheme) && /^[^/?#@]+@/.test(rest)) return `${MASK}${rest.slice(rest.indexOf("@"))}`;
  return rest;
}

/** Words within a name whose value is a secret. */
const STEM =
  /passw(?:or)?d|passphrase|pwd|secret|token|credential|authorization|cookie|amz-signature|[_-](?:key|pass|auth)(?![a-z])|(?:api|access|private|encryption|signing|master|session|account)key/gi;
/** Names whose value is no secret: keys of tables, of caches, and public ones; what AWS calls its errors. */
const HARMLESS =
  /(?:primary|foreign|unique|partition|sort|public|cache)[_-]?key$|(?:exception|error|fault)$/i;
/** Headers whose value has spaces: `Bearer …`, `Basic …`, `a=1; b=2`. */
const HEADER = /authorization|cookie/i;
const NAME = /[A-Za-z0-9_.-]/;

/**
 * `password=x`, `PGPASSWORD: 'x'`, `"api_key": "x"`, `:token => "x"`, `--password x`, `PASSWORD 'x'`,
 * `{"name":"API_KEY","value":"x"}`: environments, libpq, JSON, YAML, Ruby, SQL.
 */
function maskAssignments(text: string): string {
  let masked = "";
  let copied = 0;
  STEM.lastIndex = 0;
  for (let found = STEM.exec(text); found; found = STEM.exec(text)) {
    let start = found.index;
    while (start > copied && NAME.test(text[start - 1] as string)) start--;
    let end = STEM.lastIndex;
    while (NAME.test(text[end] ?? "")) end++;
    const value = findValue(text, start, end);
    STEM.lastIndex = Math.max(end, value?.end ?? 0);
    if (!value) continue;
    masked += `${text.slice(copied, value.start)}${MASK}`;
    copied = value.end;
  }
  return masked + text.slice(copied);
}

/** What stands between a name, which may be quoted, and its value. */
const SEPARATOR = /(\\*["'`])?\]?\s*(?:,\s*\\*["']?value\\*["']?\s*[:=]|=>|:=|[:=])\s*/y;
/** As the command line and SQL separate them. */
const AFTER_OPTION = /\s+/y;
const AFTER_SQL = /\s+(?=[EeBbNn]?')/y;

/** Where the value of the name at `start` to `end` stands; undefined when none follows. */
function findValue(text: string, start: number, end: number): { start: number; end: number } | undefined {
  const name = text.slice(start, end);
  if (HARMLESS.test(name)) return undefined;
  for (const [separator, applies] of [
    [SEPARATOR, true],
    [AFTER_OPTION, name.startsWith("--")],
    [AFTER_SQL, /^password$/i.test(name)],
  ] as const) {
    separator.lastIndex = end;
    const found = applies ? separator.exec(text) : null;
    const begin = separator.lastIndex;
    if (found && begin < text.length) {
      return { start: begin, end: endOfValue(text, { start, begin, name, nameQuoted: Boolean(found[1]) }) };
    }
  }
  return undefined;
}

function endOfValue(
  text: string,
  { start, begin, name, nameQuoted }: { start: number; begin: number; name: string; nameQuoted: boolean },
): number {
  // "PGPASSWORD=two words" and 'Authorization: Bearer x': the quote before the name ends the value.
  const around = quoteAt(text, firstBackslash(text, start - 1));
  if (around && !nameQuoted) return endOfQuoted(text, around, begin);
  const delimiter = nameQuoted ? /[\s,}\])]/ : /\s/;
  // A line of an environment or of YAML: all that follows is the value, for it may begin with a quote of its own.
  if (!nameQuoted && /^[\s:-]*$/.test(text.slice(0, start))) return text.length;
  if (quoteAt(text, begin)) return endOfWord(text, begin, delimiter);
  // A header or a list.
  if (HEADER.test(name) || /[[{]/.test(text[begin] ?? "")) return text.length;
  return endOfWord(text, begin, delimiter);
}

/** As a shell reads a word: quoted parts belong to it, and so does what is glued to them. */
function endOfWord(text: string, start: number, delimiter: RegExp): number {
  let at = start;
  while (at < text.length && !delimiter.test(text[at] as string)) {
    const quote = quoteAt(text, at);
    at = quote ? Math.min(text.length, endOfQuoted(text, quote, quote.end) + quote.backslashes + 1) : at + 1;
  }
  return at;
}

interface Quote {
  character: string;
  /** How many backslashes stand before it: one in JSON within JSON. */
  backslashes: number;
  /** After the quote. */
  end: number;
}

/** The quote at this place, backslashes before it included. */
function quoteAt(text: string, at: number): Quote | undefined {
  let end = at;
  while (text[end] === "\\") end++;
  const character = text[end] ?? "";
  return /["'`]/.test(character) ? { character, backslashes: end - at, end: end + 1 } : undefined;
}

/** The first of the backslashes that stand right before this place, or the place. */
function firstBackslash(text: string, at: number): number {
  let first = at;
  while (text[first - 1] === "\\") first--;
  return Math.max(0, first);
}

/**
 * Where the closing quote begins, with its backslashes, or the text's end. One level of escaping deeper each
 * backslash is two and a quote has one more: a closing quote has as many as the opening one, or that many and
 * some pairs of its level.
 */
function endOfQuoted(text: string, { character, backslashes, end: opened }: Quote, from: number): number {
  const period = 2 * (backslashes + 1);
  for (let at = text.indexOf(character, from); at >= 0; at = text.indexOf(character, at + 1)) {
    let first = at;
    while (first > from && text[first - 1] === "\\") first--;
    if ((at - first) % period !== backslashes) continue;
    // SQL and CSV double a quote within a value.
    const doubled = backslashes === 0 && text[at + 1] === character && at > opened;
    if (!doubled) return at - backslashes;
    at++;
  }
  return text.length;
}

/** `Bearer x` and `Basic x` wherever they stand, but no prose such as "Basic authentication". */
const maskBearers = (text: string) =>
  text.replace(
    /\b([Bb]earer|BEARER|[Bb]asic|BASIC)\s+(?![A-Za-z]?[a-z]{0,14}[.,:;]?(?![\w~+/=.-]))[\w~+/=.-]{8,}/g,
    `$1 ${MASK}`,
  );

/** Tokens that can be told by their own shape, each with whose it is. */
const TOKENS = [
  /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b/g, // AWS access key
  /\beyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*){0,3}/g, // JWT, JWE
  /\b(?:[sr]k_(?:live|test)_|whsec_)\w+/g, // Stripe
  /\b(?:gh[pousr]_|github_pat_)\w{16,}/g, // GitHub
  /\bglpat-[\w-]{16,}/g, // GitLab
  /\bxox[a-z]-[\w-]{8,}|\bxapp-[\w-]{8,}/g, // Slack
  /\/services\/T\w{6,}\/B\w{6,}\/\w+/g, // Slack's incoming webhooks
  /\bAIza[\w-]{30,}/g, // Google
  /\bSG\.[\w-]{16,}\.[\w-]{16,}/g, // SendGrid
  /\bnpm_\w{30,}/g, // npm
  /\bsk-[\w-]{20,}/g, // OpenAI, Anthropic
];

const maskTokens = (text: string) => TOKENS.reduce((masked, token) => masked.replace(token, MASK), text);
