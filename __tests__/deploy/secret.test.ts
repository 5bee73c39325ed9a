import { Readable } from "node:stream";
import { expect, it, vi } from "vitest";
import { setSecret } from "../../deploy/daily/secret";

const DATABASE = "/growth/database/url";
const made = { name: "web", secrets: { DATABASE_URL: DATABASE } };
const existing = { name: "shop", secrets: { DATABASE_URL: DATABASE }, existing: true };

const LIST = "list API_KEY among the service's secrets in environments/growth.ts";
const THERE = "shop is made by somebody else, and no apply of growth gives it a secret";

it.each([
  ["of ours", [made], [], [LIST], [THERE]],
  ["of somebody else's", [existing], [], [THERE], [LIST]],
  ["of both", [existing, made], [], [LIST, THERE], []],
  ["of the one that is named", [existing, made], ["shop"], [THERE], [LIST]],
])(
  "says how a service %s gets a secret that it does not have",
  async (_whose, services, service, said, unsaid) => {
    const day = { contract: { environment: "growth", services } };
    const refusal = setSecret(day as unknown as Parameters<typeof setSecret>[0], "API_KEY", { service });
    const { message, wayOut } = await refusal.catch((error) => error);
    const text = [message, ...wayOut].join("\n");
    expect(text).toContain("has a secret API_KEY. There are: DATABASE_URL.");
    for (const one of said) expect(text).toContain(one);
    for (const one of unsaid) expect(text).not.toContain(one);
  },
);

it.each([
  ["its tasks with the next deploy", [made], "web.DATABASE_URL set. Running tasks keep the old value"],
  ["tasks and migrations", [existing, made], "Running tasks keep the old value"],
  [
    "migrations alone, of a service that somebody else makes",
    [existing],
    "Migrations read it with the next deploy",
  ],
])("says who reads a new value: %s", async (_who, services, said) => {
  const aws = { describeParameters: async () => new Map(), putSecret: vi.fn() };
  const day = {
    contract: { environment: "growth", services },
    aws,
    stdin: Readable.from(["postgres://u:p@db/x\n"]),
  };
  const { text } = await setSecret(day as unknown as Parameters<typeof setSecret>[0], "DATABASE_URL", {
    service: [],
  });
  expect(text).toContain(said);
  expect(aws.putSecret).toHaveBeenCalledOnce();
  expect(aws.putSecret.mock.calls[0]?.[0]).toMatchObject({ name: DATABASE, value: "postgres://u:p@db/x" });
});
