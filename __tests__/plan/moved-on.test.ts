import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Again } from "../../plan/again";
import { Applier } from "../../plan/applier";
import { moveSeen } from "../../plan/moved-on";
import type { Planner } from "../../plan/planner";
import type { Progress } from "../../plan/progress";
import { SavedPlans } from "../../plan/saved";
import { summarize } from "../../plan/summary";
import type { Terraform } from "../../plan/terraform";
import { planOf, resource } from "./support/plans";

const NAME = "/staging/move";
const arn = `arn:aws:ssm:us-west-2:123456789012:parameter${NAME}`;

/** A plan beside the parameter as it was then; it changes the distribution. */
const planned = (version: number, before: object = { name: NAME, arn, version }) =>
  planOf([
    resource("aws_ssm_parameter.move", ["no-op"], {}, { before, after: before }),
    resource(
      "aws_cloudfront_distribution.cdn",
      ["update"],
      {},
      { before: { price: 1 }, after: { price: 2 } },
    ),
  ]);

describe("a plan that was made before a step of a move", () => {
  const project = mkdtempSync(join(tmpdir(), "slipway-moved-"));
  const stack = { name: "staging", folder: join(project, "staging") };
  const saved = new SavedPlans(project);
  const progress = { begin() {}, end: () => 0, update() {}, note() {} } as Partial<Progress> as Progress;
  /** How often the parameter was written by now; undefined where it is gone, 0 where it may not be read. */
  let version: number | undefined;
  let applied = 0;
  let server: Server;
  const terraform = {
    init: async () => ({ code: 0, problems: [] }),
    apply: async () => {
      applied++;
      return { code: 0, problems: [] };
    },
  } as Partial<Terraform> as Terraform;
  const save = (plan: ReturnType<typeof planned>) => {
    const move = moveSeen(plan);
    writeFileSync(saved.file("staging"), "a plan");
    saved.save(stack, { offline: false, changes: true, summary: summarize(plan), ...(move && { move }) });
  };
  const only = () => saved.list()[0] ?? expect.unreachable("no plan is there");

  beforeAll(async () => {
    mkdirSync(stack.folder);
    saved.makeFolder();
    server = createServer((_, response) => {
      const refusal = version === undefined ? "ParameterNotFound" : "AccessDeniedException";
      const body = version
        ? { Parameter: { Name: NAME, Version: version } }
        : { __type: refusal, message: refusal };
      response.writeHead(version ? 200 : 400, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify(body));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    vi.stubEnv("AWS_ENDPOINT_URL_SSM", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "id");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "key");
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await new Promise((closed) => server.close(closed));
    rmSync(project, { recursive: true });
  });
  beforeEach(() => {
    applied = 0;
    save(planned(3));
  });

  it("is applied while the move stands as it did", async () => {
    version = 3;
    expect(await new Applier(terraform, saved).apply(stack, only(), progress)).toMatchObject({ done: true });
    expect(applied).toBe(1);
  });

  it.each([
    [
      "a step was taken",
      4,
      /\/staging\/move was of version 3, and is of version 4/,
      /npx slipway plan staging/,
    ],
    ["the parameter is gone", undefined, /and is gone\./, /npx slipway plan staging/],
    ["nobody may ask", 0, /AccessDenied.*Nothing was changed/, /ssm:GetParameter of \/staging\/move/],
  ])("is refused where %s, and kept", async (_, now, detail, wayOut) => {
    version = now;
    const { done, begun, problems } = await new Applier(terraform, saved).apply(stack, only(), progress);
    expect([done, begun, applied, saved.list()]).toEqual([false, false, 0, [only()]]);
    expect(problems).toEqual([
      {
        severity: "error",
        summary: expect.stringMatching(/moment of the move|could not be asked/),
        detail: expect.stringMatching(detail),
        wayOut: expect.stringMatching(wayOut),
      },
    ]);
  });

  it("is planned again where somebody said so, and applied where it does nothing else", async () => {
    version = 4;
    const planner = {
      plan: async () => {
        save(planned(4));
        return { name: "staging", outcome: "changes", summary: only().summary, problems: [], seconds: 0 };
      },
    } as Partial<Planner> as Planner;
    const again = new Again(new Applier(terraform, saved), planner, saved);
    expect(await again.apply(stack, only(), progress)).toMatchObject({ done: true, problems: [] });
    expect(applied).toBe(1);
  });
});

it.each([
  ["begins the move", planned(1, null as never)],
  ["has another parameter", planned(1, { name: "/staging/database/url", arn, version: 1 })],
  ["has no move", planOf([resource("aws_vpc.a", ["update"])])],
])("a plan that %s is of no moment of one", (_, plan) => {
  expect(moveSeen(plan)).toBeUndefined();
});
