import { meant } from "./similar";

/** What JavaScript itself asks any object for: as a promise, as JSON, as text. */
const askedByLanguage = (name: string) => name === "then" || name === "toJSON" || name in Object.prototype;

/**
 * Things by their names, of which a wrong one is an error with the right ones: what is undefined in JavaScript is silence, or an
 * error somewhere else.
 * @param what what one of them is, for the message: "service"
 */
export function byName<Thing>(
  what: string,
  entries: Iterable<readonly [string, Thing]>,
): Readonly<Record<string, Thing>> {
  const things: Readonly<Record<string, Thing>> = Object.freeze(Object.fromEntries(entries));
  return new Proxy(things, {
    get(target, name) {
      if (typeof name === "symbol" || Object.hasOwn(target, name) || askedByLanguage(name))
        return Reflect.get(target, name);
      throw new Error(unknown(what, name, Object.keys(target)));
    },
  });
}

function unknown(what: string, name: string, known: readonly string[]): string {
  const near = meant(name, known);
  const there = known.length === 0 ? "there is none" : `there is ${known.join(", ")}`;
  return `there is no ${what} ${JSON.stringify(name)}: ${there}.${near === undefined ? "" : ` Did you mean ${near}?`}`;
}
