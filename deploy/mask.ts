const MASK = "***";

/** `scheme://user:password@host`, the shape of a database URL. */
const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):[^\s/]+@/gi;

/** `password=value`, `PGPASSWORD='value'`, `API_KEY=value`, `"password": "value"`: libpq, an environment, JSON. */
const KEY_PASSWORD =
  /((?:password|passwd|pwd|secret|token|api_?key|access_?key)(?:["']\s*:\s*|=))('[^']*'|"[^"]*"|[^\s&'"]+)/gi;

/** Hides passwords in text that somebody else wrote: container logs, AWS messages. */
export const mask = (text: string) =>
  text.replace(URL_PASSWORD, `$1:${MASK}@`).replace(KEY_PASSWORD, `$1${MASK}`);

/** The same for every string inside a value. */
export function maskDeep<T>(value: T): T {
  if (typeof value === "string") return mask(value) as T;
  if (Array.isArray(value)) return value.map(maskDeep) as T;
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, maskDeep(item)])) as T;
}
