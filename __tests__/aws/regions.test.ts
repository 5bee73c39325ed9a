import { partition } from "@aws-sdk/core/client";
import { expect, test } from "vitest";
import { regions } from "../../aws/zones";

const LETTERS = [..."abcdefghijklmnopqrstuvwxyz"];
const DIRECTIONS = ["north", "south", "east", "west", "central"].concat(
  ["north", "south"].flatMap((one) => [`${one}east`, `${one}west`]),
);

/** Every name that a region of the partition aws may have. */
const names = LETTERS.flatMap((one) => LETTERS.map((other) => one + other)).flatMap((area) =>
  DIRECTIONS.flatMap((direction) =>
    Array.from({ length: 9 }, (_, index) => `${area}-${direction}-${index + 1}`),
  ),
);

test("the regions are those that the AWS SDK knows", () => {
  // Of a region that it does not know, it says what holds for the partition, and no name.
  const known = names.filter((name) => {
    const { name: of, description } = partition(name) as { name: string; description?: string };
    return of === "aws" && description !== undefined;
  });
  expect(known.sort()).toEqual([...regions]);
});
