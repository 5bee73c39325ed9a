import { afterAll, beforeAll, expect, it } from "vitest";
import { compile } from "./support/compile";
import { Consumer } from "./support/consumer";
import { packHere } from "./support/packed";

let consumer: Consumer;
beforeAll(async () => {
  consumer = new Consumer(await packHere());
});
afterAll(() => consumer.remove());

it.each([
  ["typescript", "preserve", "bundler"],
  ["typescript-stock", "nodenext", "nodenext"],
])(
  "a project that depends on the package compiles as strictly as can be with %s, %s, %s, too",
  (compiler, module, resolution) => {
    expect(compile(consumer, compiler, module, resolution)).toEqual({ status: 0, stdout: "" });
  },
);
