import { InProcessStack, succeed } from "../../__tests__/terraform/support/in-process";
import { synthesize } from "../../__tests__/modules/support/synthesize";
import type { EnvironmentProps } from "../../modules/environment";
import { layer } from "../../modules/options";
import type { Story } from "../step";
import { environmentOf } from "./environment";
import { APP_RUNNER, type Platform } from "./platforms";
import { Play } from "./play";
import { heldRoad, road } from "./steps";

/**
 * An address and a database that move in from a platform while people use them.
 * @param more options of the environment's file, over those of the story
 */
export function moveStory(
  platform: Platform = APP_RUNNER,
  more: Partial<EnvironmentProps> = {},
): Story & { readonly play: Play } {
  const stack = new InProcessStack();
  const terraform = async (command: string, ...args: readonly string[]) =>
    (await succeed(stack.run(command, ...args))).output;
  const { folder, world } = stack;
  const play = new Play(
    { folder, world, terraform },
    (moves) => synthesize(layer(environmentOf(moves, platform.host), more) as EnvironmentProps).json,
    { platform },
  );
  return {
    play,
    steps: platform.follows ? road(play) : heldRoad(play),
    moral: "An address and a database have moved in, back and in again, under a stream of requests",
    next: "npx slipway move --help, and docs/moving.md",
    close: async () => {
      await play.close();
      await stack.remove();
    },
  };
}
