/** `$SERVICE_URL(api)` in a value of `config`. */
const REFERENCE = /\$SERVICE_URL(?:\(([^)]*)\))?/g;

/** The services that a value asks for, an empty text where it names none. */
export const servicesIn = (value: string): string[] =>
  [...value.matchAll(REFERENCE)].map(([, service = ""]) => service);

/** The value with the address of each service that it asks for. */
export const withServiceUrls = (value: string, urlOf: (service: string) => string): string =>
  value.replaceAll(REFERENCE, (_, service = "") => urlOf(service));
