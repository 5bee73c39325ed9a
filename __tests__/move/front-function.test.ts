import { expect, test } from "vitest";
import { frontFunction } from "../../modules/move/front";
import {
  EdgeFunction,
  type EdgeEvent,
  type EdgeRequest,
  type EdgeResponse,
} from "../../sandbox/edge/function";

interface Asked {
  readonly method?: string;
  readonly header?: string;
  readonly cookie?: string;
  readonly ip?: string;
  readonly host?: string;
}

/** The side that the function's published source leads a request to; the status where it answers itself. */
async function led(
  store: object | string | undefined | (() => string | undefined),
  { method = "GET", header, cookie, ip = "203.0.113.9", host = "app.example.com" }: Asked = {},
) {
  const read = () =>
    typeof store === "function" ? store() : typeof store === "object" ? JSON.stringify(store) : store;
  const event: EdgeEvent = {
    version: "1.0",
    context: {
      distributionDomainName: "d111111abcdef8.cloudfront.net",
      distributionId: "E123",
      eventType: "viewer-request",
      requestId: "1",
    },
    viewer: { ip },
    request: {
      method,
      uri: "/",
      querystring: {},
      headers: {
        host: { value: host },
        ...(header && { "x-slipway-origin": { value: header } }),
      },
      cookies: cookie === undefined ? {} : { "slipway-viewer": { value: cookie } },
    },
  };
  const { value, origin } = await new EdgeFunction(
    frontFunction("old.example.net", "new", ["admin.example.com"]),
    read,
  ).run(event);
  const { statusCode } = value as Partial<EdgeResponse>;
  if (statusCode !== undefined) return statusCode;
  const side = origin && "id" in origin ? origin.id : "old";
  expect((value as EdgeRequest).headers["x-slipway-origin"]?.value).toBe(side);
  return side;
}

test.each([
  ["nobody's share", { share: 0, hold: false }, "old"],
  ["half", { share: 50, hold: false }, "old"],
  ["a header of another word", { share: 0, hold: false }, "old", { header: "none" }],
  ["a tester's header", { share: 0, hold: false }, "new", { header: "new" }],
  ["a tester's header at 100 %", { share: 100, hold: false }, "old", { header: "old" }],
  ["a cookie below the share", { share: 50, hold: false }, "new", { cookie: "4999" }],
  ["a cookie at the share", { share: 50, hold: false }, "old", { cookie: "5000" }],
  ["the highest cookie at 100 %", { share: 100, hold: false }, "new", { cookie: "9999" }],
  ["a forged cookie that is no number", { share: 100, hold: false }, "new", { cookie: "old" }],
  ["a forged cookie that is too high", { share: 100, hold: false }, "new", { cookie: "10000" }],
  ["a forged cookie below 0", { share: 100, hold: false }, "new", { cookie: "-1" }],
] as const)("%s decides who answers", async (_, store, side, asked: Asked = {}) => {
  const half = { cookie: "7000" };
  expect(await led(store, { ...half, ...asked })).toBe(side);
});

test.each<[string, Asked]>([
  ["no word", {}],
  ["the header", { header: "old" }],
  ["the highest cookie", { cookie: "9999" }],
  ["a write", { header: "old", method: "POST" }],
])("the one side that is left takes everybody, whatever %s says", async (_, asked) => {
  for (const share of [0, 50, 100]) expect(await led({ share, hold: false, only: "new" }, asked)).toBe("new");
});

test.each<[string, Asked]>([
  ["at no share", {}],
  ["in capital letters", { host: "Admin.Example.com" }],
  ["with a header for the old side", { header: "old" }],
  ["as a write", { method: "POST" }],
])("a name that the old side never had is the new one's, asked %s", async (_, asked) => {
  const admin = { host: "admin.example.com", ...asked };
  for (const store of [undefined, { share: 0, hold: false }]) expect(await led(store, admin)).toBe("new");
  expect(await led({ share: 0, hold: false }, { host: "www.example.com" })).toBe("old");
});

test("a hold is one of every name", async () => {
  expect(await led({ share: 100, hold: true }, { host: "admin.example.com", method: "POST" })).toBe(503);
});

test("an empty store leaves everything as it was", async () => {
  expect([await led(undefined), await led(undefined, { method: "POST" })]).toEqual(["old", "old"]);
});

test("a first value that comes while the store is asked holds nobody's write", async () => {
  for (const late of [1, 2]) {
    let asked = 0;
    const store = () => (++asked > late ? JSON.stringify({ share: 100, hold: false }) : undefined);
    expect(await led(store, { method: "POST" })).toBe(late === 1 ? "new" : "old");
  }
});

test.each<[string, string | (() => string)]>([
  ["is none that anybody understands", "50 %"],
  [
    "cannot be read",
    () => {
      throw new Error("the store does not answer");
    },
  ],
])(
  "a store that %s lets people read, and nobody write to a side that may be the wrong one",
  async (_, store) => {
    expect([await led(store), await led(store, { method: "POST" })]).toEqual(["old", 503]);
  },
);
