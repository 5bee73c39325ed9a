import assert from "node:assert/strict";
import { test } from "node:test";
import { Guests } from "../guests.js";

/** A pool that answers each query with the next of these rows, and keeps what it was asked. */
function answering(...answers) {
  const asked = [];
  return {
    asked,
    query: async (text, values) => {
      asked.push({ text, values });
      return { rows: answers.shift() };
    },
  };
}

test("a name is signed as a value, never as a part of the statement", async () => {
  const name = "Robert'); drop table guests; --";
  const pool = answering([{ name, signed_at: "now" }]);
  assert.deepEqual(await new Guests(pool).sign(name), { name, signed_at: "now" });
  assert.deepEqual(
    pool.asked.map(({ values }) => values),
    [[name]],
  );
  assert.ok(!pool.asked[0].text.includes(name));
});

test("the list counts all entries and shows the last of them", async () => {
  const last = [{ name: "Ada", signed_at: "today" }];
  assert.deepEqual(await new Guests(answering([{ entries: 21 }], last)).list(), {
    entries: 21,
    guests: last,
  });
});
