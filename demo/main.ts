/**
 * npm run demo: from an empty account to environments, releases, drift and the end, with AWS stood in for. Everything
 * else is real: cdktf, Terraform, deploy, the AWS SDK, Postgres, and the files of this project; ECS, and deploy's waiting for
 * it, go on faster than they would. It works in a folder of its own and leaves your sandbox alone.
 *
 * npm run demo -- move: an address and a database move in from another platform, under a stream of requests; npm run demo -- move heroku:
 * from one whose database nothing can follow.
 */
import { duration } from "../terminal/duration";
import { muteSdk } from "../terminal/mute-sdk";
import { Listr, type ListrTask, Spinner } from "listr2";
import pc from "picocolors";
import { account } from "./account";
import { afterwards } from "./afterwards";
import { atMostEvery } from "./at-most-every";
import { deploys } from "./deploys";
import { HEROKU } from "./move/platforms";
import { moveStory } from "./move/story";
import { DemoSandbox } from "./sandbox";
import type { Story } from "./step";

const STORIES: Readonly<Record<string, () => Story>> = {
  "": accountStory,
  move: moveStory,
  "move heroku": () => moveStory(HEROKU),
};

function accountStory(): Story {
  const sandbox = new DemoSandbox();
  return {
    steps: [...account(sandbox), ...deploys(sandbox), ...afterwards(sandbox)],
    moral: "An empty account became two environments and a third, releases went in, drift was found",
    next: "npm run sandbox -- npx cdktf apply staging",
    close: () => sandbox.close(),
  };
}

/** Milliseconds between two frames, and between two looks at what a command prints: each repaints the whole list. */
const REPAINT = 200;

class SlowSpinner extends Spinner {
  override start(paint?: () => void): void {
    super.start(paint, REPAINT);
  }
}

async function main() {
  muteSdk();
  const started = Date.now();
  const { steps, moral, next, close } = storyOf(process.argv.slice(2).join(" "));
  const watched = process.stdout.isTTY && process.env.CI === undefined;
  const tasks = steps.map(
    ([title, act]): ListrTask => ({
      title,
      task: async (_context, task) => {
        const began = Date.now();
        const shown = atMostEvery(REPAINT, (line: string) => {
          task.output = line.slice(0, 100);
        });
        try {
          // Only where a person watches: in a log every line would stay.
          const result = await act(watched ? shown.give : () => {});
          task.title = `${title}: ${result} ${pc.dim(`(${seconds(began)})`)}`;
        } finally {
          shown.stop();
        }
      },
    }),
  );
  try {
    await new Listr(tasks, {
      rendererOptions: { spinner: new SlowSpinner() },
      fallbackRendererCondition: !watched,
      fallbackRenderer: "simple",
    }).run();
  } finally {
    await close();
  }
  console.log(pc.bold(`\n${moral}: ${seconds(started)}.\n`));
  console.log(`Yours to try:  ${next}`);
}

/** @throws Error with the names that there are */
function storyOf(name = ""): Story {
  const story = STORIES[name];
  if (!story)
    throw new Error(
      `There is no demo ${name}: npm run demo, npm run demo -- move, or npm run demo -- move heroku.`,
    );
  return story();
}

const seconds = (since: number) => duration((Date.now() - since) / 1000);

main().catch((error: Error) => {
  console.error(`\n${error.message}`);
  process.exitCode = 1;
});
