import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import type { Run } from "../../sandbox/engine/behaviour";
import type { Fault } from "../../sandbox/engine/faults";
import { second, type Stage } from "./support/driver";
import { open } from "./support/open";

const SECRETS = {
  parameter: "parameter-value-5f1c",
  url: "url-password-77ab",
  accessKey: "AKIASANDBOX",
  secretKey: "credential-key-93de",
  session: "session-token-c0de",
};

/** What careless programs write when they fail. */
const careless = [
  { after: 0, text: `dial postgres://app:${SECRETS.url}@db.internal:5432/app?sslmode=require: refused` },
  { after: 0, text: `dsn host=db user=app password=${SECRETS.url} dbname=app` },
  { after: 0, text: `+ PGPASSWORD='${SECRETS.url}' psql {"user":"app","password": "${SECRETS.url}"}` },
  { after: 0, text: `API_KEY=${SECRETS.parameter} MODE=staging` },
];

interface Case {
  migration?: Run;
  service?: Run;
  faults?: Fault[];
  /** What happens meanwhile, planned before the deploy begins. */
  meanwhile?: (stage: Stage, signal: (name: "SIGINT") => void) => void;
  image?: string;
  expected: number;
}

const failing = { exit: { code: 1, after: 5 * second }, log: careless };

/** A success, and a failure of every kind. */
const CASES: Record<string, Case> = {
  "a success": { migration: { log: careless, exit: { code: 0, after: second } }, expected: 0 },
  "a check that fails": { image: "v99", expected: 1 },
  "a migration that fails": { migration: failing, expected: 2 },
  "a migration that cannot start": {
    migration: { startError: `exec: postgres://app:${SECRETS.url}@db/app: not found` },
    expected: 2,
  },
  "a roll-out that crashes": { service: failing, expected: 3 },
  "a roll-out that is rolled back": {
    service: { ...failing, exit: { code: 1, after: 100 } },
    expected: 3,
  },
  "a registry that refuses": {
    faults: [{ operation: "ecr:PutImage", kind: "denied", skip: 1 }],
    expected: 3,
  },
  "credentials that expire": {
    faults: [{ operation: "ecs:*", kind: "expired", skip: 20 }],
    expected: 4,
  },
  "AWS that stops answering": {
    faults: [{ operation: "ecs:DescribeServices", kind: "reset", skip: 2 }],
    expected: 4,
  },
  "somebody else at work": {
    meanwhile: (stage) => stage.clock.in(35 * second, () => stage.others.force()),
    expected: 5,
  },
  "Ctrl-C": {
    meanwhile: (stage, signal) => stage.clock.in(20 * second, () => signal("SIGINT")),
    migration: { log: careless, exit: { code: 0, after: 30 * second } },
    expected: 130,
  },
};

const ACTIONS = ["GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"];

afterEach(() => {
  for (const name of [...ACTIONS, "AWS_SESSION_TOKEN"]) delete process.env[name];
  vi.restoreAllMocks();
});

/** Everything that was written anywhere. */
async function told(one: Case, json: boolean, files: Record<string, string>): Promise<string> {
  const stage = await open({ secret: SECRETS.parameter });
  stage.use({ AWS_SECRET_ACCESS_KEY: SECRETS.secretKey, AWS_SESSION_TOKEN: SECRETS.session });
  Object.assign(process.env, files, { GITHUB_ACTIONS: "true" });
  const { migration, service, faults = [], image = "v2", meanwhile, expected } = one;
  await stage.release("v2", { ...(migration && { migration }), ...(service && { service }) });
  await stage.sandbox.fault(...faults);
  const { exitCode, output } = await stage.deploy(image, {
    json,
    started: (signal) => meanwhile?.(stage, signal),
  });
  expect(exitCode).toBe(expected);
  return [output, ...Object.values(files).map((file) => readFileSync(file, "utf8"))].join("\n");
}

test.each(Object.entries(CASES))("nothing secret is told of %s", async (_, one) => {
  const folder = mkdtempSync(join(tmpdir(), "secrets-"));
  const files = { GITHUB_STEP_SUMMARY: join(folder, "summary"), GITHUB_OUTPUT: join(folder, "output") };
  let errors = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    errors += text;
    return true;
  });
  const all = [await told(one, true, files), await told(one, false, files), errors].join("\n");
  for (const secret of Object.values(SECRETS)) expect(all).not.toContain(secret);
  if (JSON.stringify(one).includes(SECRETS.url)) expect(all).toContain("***");
  rmSync(folder, { recursive: true });
});
