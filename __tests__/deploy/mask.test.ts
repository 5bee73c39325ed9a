import fc from "fast-check";
import { expect, test } from "vitest";
import { mask, StreamMask } from "../../deploy/mask";

test.each([
  ["postgres://app:s3cret@db/app", "postgres://app:***@db/app"],
  ["redis://:s3cret@cache:6379", "redis://:***@cache:6379"],
  ["postgres://app:p@ss:w/ord@db/app", "postgres://app:***@db/app"],
  ["https://ghp_x@github.com/a/b", "https://***@github.com/a/b"],
  ['{"url":"redis://:a@b:1","mail":"x@y.z"}', '{"url":"redis://:***@b:1","mail":"x@y.z"}'],
  ["host=db password=s3cret user=app", "host=db password=*** user=app"],
  ["dial: password=s3cret", "dial: password=***"],
  ["x PASSWORD='two words' y", "x PASSWORD=*** y"],
  ["PASSWORD=two words", "PASSWORD=***"],
  ["  - password: two words", "  - password: ***"],
  ["set password: x", "set password: ***"],
  ["it has password = 'x y', next", "it has password = *** next"],
  ["x password='hun\\'ter4' y", "x password=*** y"],
  ['x password="hun\\"ter4" y', "x password=*** y"],
  ["x PASSWORD='it'\"'\"'s' y", "x PASSWORD=*** y"],
  ["ALTER ROLE app PASSWORD 'it''s'; --", "ALTER ROLE app PASSWORD *** --"],
  ["STRIPE_KEY=x secret_key_base: y", "STRIPE_KEY=***"],
  ["> Authorization: Bearer abc def", "> Authorization: ***"],
  ["curl -H 'Authorization: Basic YQ==' https://x.example", "curl -H 'Authorization: ***' https://x.example"],
  ["sent Bearer abcdef123456 to it", "sent Bearer *** to it"],
  ['{"Env":["PGPASSWORD=a b","PORT=1"]}', '{"Env":["PGPASSWORD=***","PORT=1"]}'],
  ['{"password":"a\\"b","user":"app"}', '{"password":***,"user":"app"}'],
  ['{"m":"{\\"token\\":\\"a\\\\\\"b\\",\\"n\\":1}"}', '{"m":"{\\"token\\":***,\\"n\\":1}"}'],
  ['{"name":"API_KEY","value":"x y"}', '{"name":"API_KEY","value":***}'],
  ['{"token":123,"user":"app"}', '{"token":***,"user":"app"}'],
  ['{:password=>"x y", :user=>"app"}', '{:password=>*** :user=>"app"}'],
  ["psql --password x --port 1", "psql --password *** --port 1"],
  ["key AKIAIOSFODNN7EXAMPLE used", "key *** used"],
  ["jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln ok", "jwt *** ok"],
  ["charge with sk_live_abc123 failed", "charge with *** failed"],
  ["a -----BEGIN RSA PRIVATE KEY-----\\nMII\\n-----END RSA PRIVATE KEY----- b", "a *** b"],
])("masking %s", (text, masked) => {
  expect(mask(text)).toBe(masked);
});

test.each([
  "https://example.com:8080/path",
  "GET https://example.com/users/a@b.example",
  "arn:aws:ecs:us-west-2:1:task/a@b",
  "postgres://app@db/app",
  'FATAL: password authentication failed for user "app"',
  "Basic authentication required, no Bearer token.",
  "add_foreign_key(:orders, :users, primary_key: :id)",
  "monkey: 1, keyboard=2, compass: north",
  "-----BEGIN CERTIFICATE-----",
  "ExpiredTokenException: The security token included in the request is expired",
  "STRIPE_KEY of web: /staging/service/web/STRIPE_KEY is still the placeholder: npx slipway secret set staging STRIPE_KEY",
])("nothing is hidden in %s", (text) => {
  expect(mask(text)).toBe(text);
});

const base64 = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."ABCDEFabcdef0123456789+/"), minLength: length, maxLength: length });

test("property: of a private key on several lines nothing survives, and what follows is shown", () => {
  fc.assert(
    fc.property(
      fc.array(base64(64), { minLength: 1, maxLength: 60 }),
      base64(7),
      fc.boolean(),
      (body, rest, prefixed) => {
        const masks = new StreamMask();
        const prefix = prefixed ? "2026-11-20T12:00:00Z INFO " : "";
        const last = prefixed ? [] : [`${rest}=`];
        const key = ["-----BEGIN EC PRIVATE KEY-----", ...body, ...last, "-----END EC PRIVATE KEY-----"];
        const shown = [...key.map((line) => prefix + line), "listening on 3000"].map((line) =>
          masks.line(line),
        );
        expect(shown.at(-1)).toBe("listening on 3000");
        for (const line of [...body, ...last]) expect(shown.join("\n")).not.toContain(line.slice(0, 8));
      },
    ),
  );
});

/** Ways to write a secret into a line, each with the characters that a secret may have there. */
const ANY = "abcXYZ019!#$%&'\"()*+,-./:;<=>?@[\\]^_`{|}~é ";
const without = (characters: string) => [...ANY].filter((one) => !characters.includes(one)).join("");
const WORD = "abcXYZ0189";

const json = (text: string) => JSON.stringify(text);
const SHAPES: Record<string, { of: string; write: (secret: string) => string }> = {
  URL: { of: without(" "), write: (s) => `dial postgres://u:${s}@h/d` },
  "URL in JSON": { of: without(" "), write: (s) => json({ u: `redis://:${s}@h` } as never) },
  environment: { of: ANY, write: (s) => `DB_PASSWORD=${s}` },
  YAML: { of: ANY, write: (s) => `  - secret_key_base: ${s}` },
  libpq: { of: without(" '\"`\\"), write: (s) => `host=h password=${s} port=1` },
  "libpq, quoted": { of: ANY, write: (s) => `host=h password='${s.replace(/[\\']/g, "\\$&")}' port=1` },
  "double quotes": { of: ANY, write: (s) => `x API_KEY = "${s.replace(/[\\"]/g, "\\$&")}" y` },
  shell: { of: ANY, write: (s) => `export X_TOKEN='${s.replaceAll("'", `'"'"'`)}' y` },
  SQL: { of: without("\\"), write: (s) => `CREATE ROLE r PASSWORD '${s.replaceAll("'", "''")}' LOGIN` },
  JSON: { of: ANY, write: (s) => `{"a":1,"clientSecret":${json(s)},"b":2}` },
  "JSON with spaces": { of: ANY, write: (s) => `{ "a": 1, "accessKey" : ${json(s)}, "b": 2 }` },
  "JSON in JSON": { of: ANY, write: (s) => `{"m":${json(`{"pwd":${json(s)},"b":2}`)},"c":3}` },
  "JSON in JSON in JSON": {
    of: ANY,
    write: (s) => json(`{"m":${json(`{"password":${json(s)}}`)},"c":3}`),
  },
  "environment in JSON": { of: ANY, write: (s) => `["A=1",${json(`PGPASSWORD=${s}`)},"B=2"]` },
  "name and value": { of: ANY, write: (s) => `{"name":"API_KEY","value":${json(s)}}` },
  Ruby: { of: ANY, write: (s) => `{:password=>${json(s)}, :b=>1}` },
  header: { of: ANY, write: (s) => `> Authorization: Bearer ${s}` },
  "header, quoted": { of: ANY, write: (s) => `curl -H ${json(`Authorization: Basic ${s}`)} h` },
  cookie: { of: ANY, write: (s) => `set-cookie: a=1; session=${s}` },
  query: { of: without(" '\"`\\"), write: (s) => `GET /x?a=1&access_token=${s} 200` },
  option: { of: without(" '\"`\\"), write: (s) => `run --db-password ${s} --x 1` },
  bearer: { of: WORD, write: (s) => `sent bearer 0${s}8${s}` },
  AWS: { of: "ABXYZ234", write: (s) => `as AKIA${s.padEnd(16, "Q").slice(0, 16)} now` },
  JWT: { of: WORD, write: (s) => `got eyJ${s}aaaaa.eyJ${s}bbbbb.${s}c now` },
  Stripe: { of: WORD, write: (s) => `with sk_live_${s} now` },
  "PEM on one line": {
    of: ANY,
    write: (s) => `KEY -----BEGIN PRIVATE KEY-----\\n${s}\\n-----END PRIVATE KEY----- now`,
  },
};

/** Runs of this many characters of a secret must not survive; shorter ones stand in any text by chance. */
const RUN = 4;

const runs = (text: string) =>
  Array.from({ length: Math.max(0, text.length - RUN + 1) }, (_, start) => text.slice(start, start + RUN));

test.each(Object.entries(SHAPES))(
  "property: nothing of a secret survives, written as: %s",
  (_, { of, write }) => {
    const secrets = fc
      .string({ unit: fc.constantFrom(...of), minLength: RUN, maxLength: 24 })
      .filter((secret) => secret.trim() === secret && secret !== "");
    fc.assert(
      fc.property(secrets, (secret) => {
        const line = write(secret);
        const masked = mask(line);
        // What stands in the line with another secret belongs to the shape.
        const other = write("Q".repeat(secret.length));
        const shape = `${other}\n${mask(other)}`;
        for (const run of runs(secret)) if (!shape.includes(run)) expect(masked, line).not.toContain(run);
        expect(masked).toContain("***");
      }),
      { numRuns: 400 },
    );
  },
);

test("long lines take linear time", () => {
  const started = performance.now();
  for (const part of [
    "a",
    "key_",
    "password",
    '"',
    "\\",
    "://",
    "-----BEGIN PRIVATE KEY-----",
    "eyJ",
    "@",
    "bearer ",
  ])
    mask(part.repeat(200_000 / part.length));
  expect(performance.now() - started).toBeLessThan(2_000);
});
