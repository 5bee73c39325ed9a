import { type Mistake, show } from "../mistakes";

/** Names that every object of JavaScript has: as a key they are lost, or found where nobody wrote them. */
const taken = new Set(["__proto__", "constructor", "prototype"]);

/** Names, at whatever depth, that would not arrive. Paths are relative to `value`. */
export function* lostNames(value: unknown, path: readonly string[] = []): Generator<Mistake> {
  if (typeof value !== "object" || value === null) return;
  // `{ __proto__: { … } }` sets the prototype, and leaves no key.
  const prototype: unknown = Array.isArray(value) ? null : Object.getPrototypeOf(value);
  const hidden = prototype !== null && Object.getPrototypeOf(prototype) !== null ? ["__proto__"] : [];
  for (const key of [...hidden, ...Object.keys(value)]) {
    const at = [...path, key];
    if (taken.has(key)) {
      const message = `${show(key)} is a name that JavaScript keeps for itself, and would be lost; choose another.`;
      yield { path: at.join("."), message };
    } else yield* lostNames((value as Record<string, unknown>)[key], at);
  }
}
