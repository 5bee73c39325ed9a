import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Clock, systemClock } from "../../deploy/clock";
import { keepStepsAway } from "../../move/keep-steps-away";
import { Again } from "../../plan/again";
import { Applier } from "../../plan/applier";
import { CommandError } from "../../plan/error";
import { holdMove } from "../../plan/move-lock";
import { moveSeen } from "../../plan/moved-on";
import type { Planner } from "../../plan/planner";
import type { Progress } from "../../plan/progress";
import { SavedPlans, toldOf } from "../../plan/saved";
import type { Terraform } from "../../plan/terraform";
import { ParameterStore } from "./support/parameters";
import { planOf, resource } from "./support/plans";
import { StandInProject } from "./support/stand-in";

const NAME = "/staging/move";
const LOCK = "/staging/move/lock";

/** Text of a lock that ana has, last heard of so many milliseconds ago. */
function heldBy(step: string, ago: number): string {
  const at = new Date(Date.now() - ago).toISOString();
  return JSON.stringify({ token: "ana", by: "ana", step, since: at, renewed: at });
}

/** A plan beside the parameter as it was then; it changes the distribution. */
const planned = (version: number, before: object | null = { name: NAME, version }) =>
  planOf([
    resource("aws_ssm_parameter.move", ["no-op"], {}, { before, after: before ?? { name: NAME } }),
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
  let notes: string[] = [];
  const note = (_: string, text: string) => void notes.push(text);
  const progress = { begin() {}, end: () => 0, update() {}, note } as Partial<Progress> as Progress;
  const store = new ParameterStore();
  /** The lock while Terraform applied. */
  let during: unknown;
  let applied = 0;
  const lock = () => store.parameters.get(LOCK)?.value;
  const terraform = {
    init: async () => ({ code: 0, problems: [] }),
    apply: async () => {
      applied++;
      during = JSON.parse(lock() ?? "null");
      return { code: 0, problems: [] };
    },
  } as Partial<Terraform> as Terraform;
  const applierOf = (
    change: "apply" | "destroy" = "apply",
    { patience = 0, ...around }: { patience?: number; terraform?: Terraform; sleep?: Clock["sleep"] } = {},
  ) =>
    new Applier(around.terraform ?? terraform, saved, { change, patience }, (place, seen, how) =>
      holdMove(place, seen, how, (changing) =>
        keepStepsAway(changing, { ...systemClock, ...(around.sleep && { sleep: around.sleep }) }),
      ),
    );
  const save = (plan: ReturnType<typeof planned>) => {
    writeFileSync(saved.file("staging"), "a plan");
    saved.save(stack, toldOf(stack, plan, { offline: false, changes: true }));
  };
  const only = () => saved.list()[0] ?? expect.unreachable("no plan is there");

  beforeAll(async () => {
    mkdirSync(stack.folder);
    saved.makeFolder();
    const configuration = {
      provider: { aws: [{ alias: "edge", region: "us-east-1" }, { region: "us-west-2" }] },
    };
    writeFileSync(join(stack.folder, "cdk.tf.json"), JSON.stringify(configuration));
    for (const [name, value] of Object.entries(await store.start())) vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await store.close();
    rmSync(project, { recursive: true });
  });
  beforeEach(() => {
    applied = 0;
    during = undefined;
    notes = [];
    store.parameters.clear();
    store.forbidden.clear();
    store.put(NAME, "{}", 3);
    save(planned(3));
  });

  it("is applied while the move stands as it did", async () => {
    expect(await applierOf().apply(stack, only(), progress)).toMatchObject({ done: true });
    expect(applied).toBe(1);
  });

  it.each(["apply", "destroy"] as const)(
    "keeps steps away for as long as Terraform works: %s",
    async (change) => {
      const applier = applierOf(change);
      await applier.apply(stack, only(), progress);
      expect(during).toMatchObject({ step: change, by: "arn:aws:iam::123456789012:user/cleo" });
      expect([applied, lock(), [...store.regions]]).toEqual([1, undefined, ["us-west-2"]]);
    },
  );

  it("does the same where the plan begins the move, and gives the lock back where it fails", async () => {
    store.parameters.clear();
    save(planned(0, null));
    const failing = {
      ...terraform,
      apply: async () => {
        await terraform.apply?.(stack, "", () => {}, 0);
        throw new CommandError("terraform is gone");
      },
    } as Partial<Terraform> as Terraform;
    expect(await applierOf("apply", { terraform: failing }).apply(stack, only(), progress)).toMatchObject({
      done: false,
    });
    expect([during, lock()]).toEqual([expect.objectContaining({ step: "apply" }), undefined]);
  });

  it.each([
    [
      "a step",
      "shift",
      "apply",
      /^ana has been at the step shift since 2\S+Z\. Nothing/,
      /npx slipway plan staging\./,
    ],
    [
      "an apply",
      "apply",
      "destroy",
      /^ana has been applying the environment since/,
      /npx slipway destroy staging\./,
    ],
    [
      "a destroy",
      "destroy",
      "apply",
      /^ana has been destroying the environment since/,
      /npx slipway plan staging\./,
    ],
  ] as const)(
    "is refused while %s is at work: who, since when, and when again",
    async (_, step, change, who, again) => {
      const held = heldBy(step, 30_000);
      store.put(LOCK, held);
      const applier = applierOf(change);
      const { done, begun, problems } = await applier.apply(stack, only(), progress);
      expect([done, begun, applied, lock(), saved.list()]).toEqual([false, false, 0, held, [only()]]);
      expect(problems).toEqual([
        {
          severity: "error",
          summary: expect.stringMatching(who),
          detail: "",
          wayOut: expect.stringMatching(again),
        },
      ]);
      expect(problems[0]?.wayOut).toMatch(
        /^Wait until that has ended.* (89|90) seconds from now it counts as gone\.$/,
      );
    },
  );

  it("takes over what a dead one left, and waits for a living one as long as --lock-timeout says", async () => {
    store.put(LOCK, heldBy("apply", 121_000));
    expect(await applierOf().apply(stack, only(), progress)).toMatchObject({ done: true });
    save(planned(3));
    store.put(LOCK, heldBy("shift", 0));
    const sleep = async (milliseconds: number, signal?: AbortSignal) => {
      if (!lock()?.includes("ana")) return systemClock.sleep(milliseconds, signal);
      store.parameters.delete(LOCK);
    };
    const patient = applierOf("apply", { patience: 60, sleep });
    expect(await patient.apply(stack, only(), progress)).toMatchObject({ done: true });
    expect([applied, lock()]).toEqual([2, undefined]);
    expect(notes).toEqual([
      expect.stringMatching(
        /^ana has been at the step shift since .* changed\. It is waited for: 1 m 00 s at most\.$/,
      ),
    ]);
  });

  it("is refused where nobody may write the lock", async () => {
    store.forbidden.add(LOCK);
    const { problems } = await applierOf().apply(stack, only(), progress);
    expect([applied, problems]).toEqual([
      0,
      [
        {
          severity: "error",
          summary: expect.stringContaining("could not be taken"),
          detail: expect.stringMatching(/AccessDenied.*Nothing was changed/),
          wayOut: expect.stringContaining(`ssm:PutParameter and ssm:DeleteParameter of ${LOCK}`),
        },
      ],
    ]);
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
    if (now === 0) store.forbidden.add(NAME);
    else if (now === undefined) store.parameters.delete(NAME);
    else store.put(NAME, "{}", now);
    const { done, begun, problems } = await applierOf().apply(stack, only(), progress);
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
    store.put(NAME, "{}", 4);
    const planner = {
      plan: async () => {
        save(planned(4));
        return { name: "staging", outcome: "changes", summary: only().summary, problems: [], seconds: 0 };
      },
    } as Partial<Planner> as Planner;
    const again = new Again(applierOf(), planner, saved);
    expect(await again.apply(stack, only(), progress)).toMatchObject({ done: true, problems: [] });
    expect(applied).toBe(1);
  });
});

it.each([
  ["has another parameter", planned(1, { name: "/staging/database/url", version: 1 })],
  ["has no move", planOf([resource("aws_vpc.a", ["update"])])],
])("a plan that %s is of no moment of one", (_, plan) => {
  expect(moveSeen(plan, { name: "staging", folder: "none" })).toBeUndefined();
});

describe("the commands", () => {
  const configuration = { provider: { aws: [{ region: "us-west-2" }] } };
  const plan = (action: "create" | "delete") => {
    const one = { name: NAME, version: 1 };
    const change = action === "create" ? { after: { name: NAME } } : { before: one };
    return {
      format_version: "1.2",
      resource_changes: [resource("aws_ssm_parameter.move", [action], {}, change)],
    };
  };
  const store = new ParameterStore();
  const project = new StandInProject(["staging"], {});
  let variables: Record<string, string> = {};
  beforeAll(async () => {
    project.configure("staging", configuration);
    variables = await store.start();
  });
  afterAll(async () => {
    await store.close();
    project.remove();
  });

  it.each([
    ["apply", "create"],
    ["destroy", "delete"],
  ] as const)(
    "%s takes the lock, has Terraform work, and gives it back; beside a step it does nothing",
    async (command, action) => {
      project.behave({ plan: { code: 2 }, show: { lines: [plan(action)] } });
      store.parameters.clear();
      if (action === "delete") store.put(NAME, "{}");
      const run = async (): Promise<string> => {
        if (command === "apply") expect((await project.run("plan", variables)).code).toBe(2);
        const before = project.calls("apply").length;
        const { code, stdout, stderr } = await project.run(command, "staging", "--auto-approve", variables);
        return `${code}, ${project.calls("apply").length - before}: ${stdout}${stderr}`;
      };
      store.asked = [];
      expect(await run()).toMatch(/^0, 1: /);
      expect(store.asked).toEqual([
        `PutParameter ${LOCK}`,
        `GetParameter ${NAME}`,
        `GetParameter ${LOCK}`,
        `DeleteParameter ${LOCK}`,
      ]);
      store.put(LOCK, heldBy("front", 0));
      expect(await run()).toMatch(/^1, 0: [\s\S]*ana has been at the step front since .*Nothing was changed/);
    },
  );
});
