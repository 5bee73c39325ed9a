import { Readable } from "node:stream";
import { expect, it, vi } from "vitest";
import { setSecret } from "../../deploy/daily/secret";

const DATABASE = "/growth/database/url";
const made = { name: "web", secrets: { DATABASE_URL: DATABASE } };
const existing = { name: "shop", secrets: { DATABASE_URL: DATABASE }, existing: true };

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
