import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Project, questions } from "./queue/project";
import { play, type Timeline, timelines } from "./queue/timeline";
import { ask, decide } from "./queue/turn";
import { parsed, textOf, type Workflow } from "./support/workflows";

// QUEUE_TIMELINES of them instead of 150; TIMELINES_SEED plays those of an earlier run again.
const wanted = Number(process.env.QUEUE_TIMELINES ?? 150);
const seed = Number(process.env.TIMELINES_SEED ?? Date.now() % 2 ** 31);

/** Questions of the timelines that the script between plan and apply is asked, too. */
const ASKED = 8;

let project: Project | undefined;

beforeAll(() => {
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) => project?.answer(url, init));
});
afterAll(() => {
  vi.unstubAllGlobals();
});

async function playOf(workflow: Workflow, timeline: Timeline): Promise<Project> {
  try {
    return await play(workflow, timeline, (one) => {
      project = one;
    });
  } catch (error) {
    throw new Error([(error as Error).message, ...(project?.story ?? [])].join("\n"), { cause: error });
  }
}

const text = textOf("terraform");

describe("the queue of GitHub, over terraform.yaml", () => {
  it(
    "property: what is applied is main's newest, approved; nothing is lost, nothing waits for ever, staging goes before prod",
    async () => {
      const started = Date.now();
      const workflow = parsed(text);
      const holds = async (timeline: Timeline) => {
        const { lies, story } = await playOf(workflow, timeline);
        expect(lies, ["", ...story].join("\n")).toEqual([]);
      };
      try {
        await fc.assert(fc.asyncProperty(timelines, holds), { seed, numRuns: wanted });
      } finally {
        const seconds = ((Date.now() - started) / 1000).toFixed(1);
        console.log(`${wanted} timelines in ${seconds} s, TIMELINES_SEED=${seed}`);
      }
    },
    60_000 + wanted * 1_000,
  );

  it("is told by the script itself what the timelines were told", async () => {
    const all = [...questions.values()];
    const some = fc.sample(fc.constantFrom(...all), { seed, numRuns: Math.max(ASKED, wanted / 100) });
    for (const question of new Set(some)) {
      const { environments, later } = await ask(question);
      expect({ environments, later }, JSON.stringify(question)).toEqual(decide(question));
    }
  }, 120_000);
});

const APART = JSON.stringify(
  Object.fromEntries(["staging", "qa", "prod", "lab", "eu"].map((name) => [name, { turn: 0, after: [] }])),
);
const ANY = ["staging", "qa", "prod", "lab", "eu"]
  .map((name) => `${name}:aws_db_instance.database`)
  .join(" ");

/** What a careless hand could write, and what is wrong then. */
const careless: readonly (readonly [what: string, from: string | RegExp, to: string, found: RegExp])[] = [
  [
    "one group for the applies of an environment",
    /(permissions: [&*]may-apply\n)/g,
    "concurrency: { group: 'apply-${{ matrix.environment }}', cancel-in-progress: false }\n    $1",
    /main says .* though|is pending for ever/,
  ],
  [
    "one group for the plans of main",
    "group: plan-${{ matrix.stack }}-${{ github.event_name == 'pull_request' && github.ref || github.run_id }}",
    "group: plan-${{ matrix.stack }}-${{ github.ref }}",
    /main says .* though nobody had to do anything|did not look for drift/,
  ],
  [
    "no look at main's newest commit before an apply",
    "if: steps.head.outputs.newer == ''\n",
    "if: always()\n",
    /applies a commit that main had left behind/,
  ],
  [
    "no new plan of what was merged meanwhile",
    "&& (steps.apply.conclusion == 'success' || steps.apply.conclusion == 'failure')",
    "&& false",
    /main says .* though nobody had to do anything/,
  ],
  ["an apply that waits for no lock", " --lock-timeout 60m", "", /gave up while .* was applying/],
  ["no order", "order: ${{ steps.stacks.outputs.order }}", `order: '${APART}'`, /which it comes after/],
  [
    "every loss allowed",
    "ALLOW_DESTROY: ${{ inputs.allow-destroy }}",
    `ALLOW_DESTROY: "${ANY}"`,
    /loses the database of .*, which nobody allowed/,
  ],
];

describe("the simulation", () => {
  it.each(careless)(
    "finds %s",
    async (_, from, to, found) => {
      const broken = text.replaceAll(from, to);
      expect(broken).not.toBe(text);
      const workflow = parsed(broken);
      const honest = async (timeline: Timeline) =>
        !(await playOf(workflow, timeline)).lies.some((lie) => found.test(lie));
      const result = await fc.check(fc.asyncProperty(timelines, honest), {
        seed: 20261121,
        numRuns: 400,
        endOnFailure: true,
      });
      expect(result.failed).toBe(true);
    },
    120_000,
  );
});
