import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript-stock";
import { describe, expect, test } from "vitest";
import { frontFunction } from "../../modules/move/front";
import { EdgeFunction, type EdgeEvent, type EdgeRequest } from "../../sandbox/edge/function";

const OLD = "abc.us-west-2.awsapprunner.com";
const source = frontFunction(OLD, "load-balancer");

interface Asked {
  readonly move?: object | string;
  readonly request?: Partial<EdgeRequest>;
  readonly ip?: string;
  readonly response?: EdgeEvent["response"];
}

let stored: string | undefined;
const front = new EdgeFunction(source, (key) => (key === "move" ? stored : undefined));

/** What the function does with a request, or with an answer where there is one. */
function ask({ move, request = {}, ip = "203.0.113.7", response }: Asked) {
  stored = typeof move === "object" ? JSON.stringify(move) : move;
  const eventType = response ? "viewer-response" : "viewer-request";
  return front.run({
    version: "1.0",
    context: { distributionDomainName: "d1.cloudfront.net", distributionId: "E1", eventType, requestId: "1" },
    viewer: { ip },
    request: {
      method: "GET",
      uri: "/",
      querystring: {},
      headers: { host: { value: "app.example.com" } },
      cookies: {},
      ...request,
    },
    ...(response && { response }),
  });
}

const toOld = { properties: { domainName: OLD, hostHeader: OLD, sni: OLD } };
const toNew = { id: "load-balancer", overrides: {} };
const cookie = (value: string) => ({ cookies: { "slipway-viewer": { value } } });
const header = (value: string) => ({
  headers: { host: { value: "app.example.com" }, "x-slipway-origin": { value } },
});
async function sideOf(asked: Asked) {
  const { origin } = await ask(asked);
  return origin && "id" in origin ? "new" : "old";
}
const ok = { statusCode: 200, headers: {}, cookies: {} };

describe("the function in front of both sides", () => {
  test("fits CloudFront: 10 KB, its import first, and no syntax that its runtime lacks", () => {
    expect(Buffer.byteLength(source)).toBeLessThan(10_240);
    expect(source.startsWith('import cf from "cloudfront";')).toBe(true);
    expect(source).not.toMatch(/__\w+__|\$\{/);
    const used = new Set<string>();
    const visit = (node: ts.Node) => {
      used.add(ts.SyntaxKind[node.kind]);
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile("function.js", source, ts.ScriptTarget.ESNext));
    // Source: "JavaScript runtime 2.0 features", CloudFront guide, which names what there is.
    const absent = [
      ...["ClassDeclaration", "ClassExpression", "YieldExpression", "SpreadElement", "SpreadAssignment"],
      ...["ObjectBindingPattern", "ArrayBindingPattern", "ForOfStatement", "QuestionDotToken"],
      ...["QuestionQuestionToken", "ShorthandPropertyAssignment", "ComputedPropertyName", "BigIntLiteral"],
    ];
    expect(absent.filter((kind) => used.has(kind))).toEqual([]);
    expect(source).not.toMatch(/\b(Promise|setTimeout|Date|eval|Function|async \()\b/);
  });

  test("sends everybody to the old side until somebody says otherwise, by its own name", async () => {
    for (const move of [undefined, "", "no JSON", "null", {}, { share: "all" }, { share: 0, hold: false }]) {
      const { origin, value } = await ask({ move, request: cookie("0") });
      expect(origin, JSON.stringify(move)).toEqual(toOld);
      expect((value as EdgeRequest).headers).toEqual({
        host: { value: "app.example.com" },
        "x-forwarded-host": { value: "app.example.com" },
        "x-slipway-origin": { value: "old" },
      });
    }
  });

  test("sends the share of viewers to the new side by their number, whose own name they ask for", async () => {
    const move = { share: 1, hold: false };
    const { origin, value } = await ask({ move, request: cookie("99") });
    expect(origin).toEqual(toNew);
    expect((value as EdgeRequest).headers).toEqual({
      host: { value: "app.example.com" },
      "x-slipway-origin": { value: "new" },
    });
    expect(await sideOf({ move, request: cookie("100") })).toBe("old");
    expect(await sideOf({ move: { share: 0.01 }, request: cookie("0") })).toBe("new");
    expect(await sideOf({ move: { share: 100 }, request: cookie("9999") })).toBe("new");
  });

  test("does as a tester's header says, and only that", async () => {
    expect(await sideOf({ move: { share: 0 }, request: header("new") })).toBe("new");
    expect(await sideOf({ move: { share: 100 }, request: header("old") })).toBe("old");
    expect(await sideOf({ move: { share: 100 }, request: header("neither") })).toBe("new");
  });

  test("goes by the address where there is no cookie, or none of ours: the same every time, and spread evenly", async () => {
    const strange = { cookies: { "slipway-viewer": { value: "12345" } } };
    const addresses = Array.from(
      { length: 4000 },
      (_, index) => `10.${index % 250}.${index >> 8}.${index % 199}`,
    );
    const sides = await Promise.all(addresses.map((ip) => sideOf({ move: { share: 10 }, ip })));
    const again = await Promise.all(
      addresses.map((ip) => sideOf({ move: { share: 10 }, ip, request: strange })),
    );
    expect(again).toEqual(sides);
    const share = sides.filter((side) => side === "new").length / sides.length;
    expect(share).toBeGreaterThan(0.08);
    expect(share).toBeLessThan(0.12);
  });

  test("nobody who was passed over goes back when the share grows", async () => {
    const addresses = Array.from({ length: 200 }, (_, index) => `2001:db8::${index.toString(16)}`);
    const at = (share: number) => Promise.all(addresses.map((ip) => sideOf({ move: { share }, ip })));
    const [few, more] = [await at(20), await at(60)];
    expect(few.filter((side, index) => side === "new" && more[index] === "old")).toEqual([]);
  });

  test("refuses to write while there is a hold, to either side, and reads go on", async () => {
    const move = { share: 50, hold: true };
    for (const method of ["POST", "PUT", "PATCH", "DELETE", "CONNECT"]) {
      const { origin, value } = await ask({ move, request: { ...header("new"), method } });
      expect(origin).toBeUndefined();
      expect(value).toMatchObject({ statusCode: 503, headers: { "retry-after": { value: "5" } } });
    }
    for (const method of ["GET", "HEAD", "OPTIONS"])
      expect((await ask({ move, request: { method } })).origin).toBeDefined();
  });

  test("tells the viewer who answered, and gives it the number that it went by", async () => {
    for (const ip of ["203.0.113.7", "198.51.100.23", "2001:db8::1"]) {
      const move = { share: 50 };
      const side = await sideOf({ move, ip });
      const { value, origin } = await ask({ move, ip, response: ok });
      expect(origin).toBeUndefined();
      const { headers, cookies = {} } = value as NonNullable<EdgeEvent["response"]>;
      expect(headers).toEqual({ "x-slipway-origin": { value: side } });
      const given = cookies["slipway-viewer"]?.value ?? "";
      expect(await sideOf({ move, ip: "192.0.2.1", request: cookie(given) })).toBe(side);
      expect(cookies["slipway-viewer"]?.attributes).toBe(
        "Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=Lax",
      );
    }
  });

  test("leaves a viewer's number as it is", async () => {
    const { value } = await ask({ move: { share: 50 }, request: cookie("7"), response: ok });
    expect(value).toMatchObject({ headers: { "x-slipway-origin": { value: "new" } }, cookies: {} });
  });

  test("is what lies beside the construct, with nothing but names written in", () => {
    const file = readFileSync(join(__dirname, "../../modules/move/front-function.js"), "utf8");
    expect(file.split(/__\w+__/)).toHaveLength(4);
  });
});
