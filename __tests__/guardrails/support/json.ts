/** Terraform's JSON, by hand. */
// biome-ignore lint/suspicious/noExplicitAny: fixtures hold whatever Terraform takes.
export type Json = { [key: string]: any };

/** One resource in JSON: `aws_lb.it` unless it is named. */
export const resource = (type: string, body: Json = {}, name = "it"): Json => ({
  resource: { [type]: { [name]: body } },
});

export const data = (type: string, body: Json = {}, name = "it"): Json => ({
  data: { [type]: { [name]: body } },
});

/** Several parts as one configuration. */
export function together(...parts: readonly Json[]): Json {
  const merged: Json = {};
  for (const part of parts) {
    for (const [key, value] of Object.entries(part)) {
      const both = isObject(merged[key]) && isObject(value);
      merged[key] = both ? together(merged[key], value) : value;
    }
  }
  return merged;
}

/** The same, of an environment whose data may be lost. */
export const disposable = (json: Json): Json =>
  together(json, { provider: { aws: [{ default_tags: [{ tags: { environment: "staging" } }] }] } });

/** A policy document that allows. */
export const allow = (statement: Json): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] });

/** A task definition of one container. */
export const task = (container: Json): Json =>
  resource("aws_ecs_task_definition", {
    family: "web",
    container_definitions: JSON.stringify([{ name: "web", image: "app:v1", ...container }]),
  });

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A place in JSON that holds neither an object nor a list. */
export type Place = readonly string[];

/** Every place in some JSON, comments left out. */
export function places(value: unknown, path: Place = []): Place[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => (key === "//" ? [] : places(inner, [...path, key])));
}

/** A copy with something else in one place. */
export function but(value: unknown, [key, ...rest]: Place, other: unknown): unknown {
  if (key === undefined) return other;
  if (Array.isArray(value))
    return value.map((one, index) => (String(index) === key ? but(one, rest, other) : one));
  return { ...(value as Json), [key]: but((value as Json)[key], rest, other) };
}
