import { InProcessStack, succeed } from "../../__tests__/terraform/support/in-process";
import { synthesize } from "../../__tests__/modules/support/synthesize";
import type { Story } from "../step";
import { environmentOf } from "./environment";
import { Play } from "./play";
import { road } from "./steps";

/** An address and a database that move in while people use them. */
export function moveStory(): Story & { readonly play: Play } {
  const stack = new InProcessStack();
  const terraform = async (command: string, ...args: readonly string[]) =>
    (await succeed(stack.run(command, ...args))).output;
  const { folder, world } = stack;
  const play = new Play({ folder, world, terraform }, (moves) => synthesize(environmentOf(moves)).json);
  return {
    play,
    steps: road(play),
    moral: "An address and a database have moved in, back and in again, under a stream of requests",
    next: "npx slipway move --help, and docs/moving.md",
    close: async () => {
      await play.close();
      await stack.remove();
    },
  };
}
