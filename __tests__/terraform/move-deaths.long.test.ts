import { afterAll, beforeAll, expect, test } from "vitest";
import { Road } from "./support/deaths/road";

// MOVE_DEATHS of them instead of 8; MOVE_DEATHS_SEED plays those of an earlier run again.
const wanted = Number(process.env.MOVE_DEATHS ?? 8);
const seed = Number(process.env.MOVE_DEATHS_SEED ?? Date.now() % 2 ** 31);

const road = new Road();
beforeAll(() => road.open());
afterAll(() => road.close());

test(
  "whatever dies wherever, run again it goes on or goes back, and nothing is left behind",
  async () => {
    const began = Date.now();
    try {
      await road.play(wanted, seed);
    } catch (error) {
      throw new Error(`${road.story.join("\n")}\n\n${(error as Error).message}\n\nMOVE_DEATHS_SEED=${seed}`);
    } finally {
      const seconds = Math.round((Date.now() - began) / 1000);
      const all = [...road.died].map(([victim, count]) => `${victim} ${count}`).join(", ");
      console.log(`${road.deaths} deaths in ${seconds} s, MOVE_DEATHS_SEED=${seed}\n${all}`);
    }
    expect(road.deaths).toBe(wanted);
  },
  240_000 + wanted * 60_000,
);
