import { compileFunction, createContext, runInContext } from "node:vm";

/** A header or a query parameter; of several of one name the first is `value`. */
export interface EdgeValue {
  value: string;
  multiValue?: { value: string }[];
  /** A cookie's attributes, in an answer: `Path=/; Secure`. */
  attributes?: string;
}

export type EdgeValues = Record<string, EdgeValue>;

/** A viewer's request as a function sees it: names of headers in lower case, cookies apart from them. */
export interface EdgeRequest {
  method: string;
  uri: string;
  querystring: EdgeValues;
  headers: EdgeValues;
  cookies: EdgeValues;
}

/** An answer as a function sees it, or makes it. */
export interface EdgeResponse {
  statusCode: number;
  statusDescription?: string;
  headers?: EdgeValues;
  cookies?: EdgeValues;
  body?: string | { encoding: "text" | "base64"; data: string };
}

/** What a function is called with. Source: "CloudFront Functions event structure", CloudFront guide. */
export interface EdgeEvent {
  version: "1.0";
  context: {
    distributionDomainName: string;
    distributionId: string;
    eventType: "viewer-request" | "viewer-response";
    requestId: string;
  };
  viewer: { ip: string };
  request: EdgeRequest;
  response?: EdgeResponse;
}

/** What may be said of an origin's name. Source: "Helper methods for origin modification", CloudFront guide. */
export interface OriginNames {
  hostHeader?: string;
  sni?: string;
  allowedCertificateNames?: string[];
}

/** Another origin of the distribution, or the assigned one with other properties. */
export type OriginChange =
  | { readonly id: string; readonly overrides: OriginNames }
  | { readonly properties: OriginNames & { domainName?: string } };

export interface FunctionResult {
  /** What the handler returned: a request that is passed on, or an answer. */
  readonly value: unknown;
  readonly origin: OriginChange | undefined;
}

/** A function that CloudFront could not run (503), or whose answer it does not take (502). */
export class FunctionFailure extends Error {
  constructor(
    readonly status: 502 | 503,
    message: string,
  ) {
    super(message);
  }
}

/** Properties of updateRequestOrigin that the edge stands in for. */
const PROPERTIES = ["domainName", "hostHeader", "sni", "allowedCertificateNames"];
const OVERRIDES = PROPERTIES.slice(1);

/** Names that JavaScript has and the runtime has not: it computes, and neither waits nor makes code. */
const ABSENT = ["WebAssembly", "SharedArrayBuffer", "Atomics", "Proxy", "Intl", "eval", "Function"];

const IMPORT = /^import\s+(\w+)\s+from\s+["'](\w+)["'];?[ \t]*$/gm;

type Handler = (event: EdgeEvent) => unknown;
type Compiled = (cloudfront: object) => Handler;

/**
 * A function's published code, compiled once. Each call has variables of its own, so that nothing is kept from one request to
 * the next. Source: "JavaScript runtime 2.0 features", CloudFront guide.
 */
export class EdgeFunction {
  private readonly compiled: Compiled;

  /** @param read a key of the store that the function is associated with; absent where there is none */
  constructor(
    code: string,
    private readonly read: ((key: string) => string | undefined) | undefined,
  ) {
    this.compiled = compile(code);
  }

  /** @throws FunctionFailure where CloudFront would answer in its own name */
  async run(event: EdgeEvent): Promise<FunctionResult> {
    let origin: OriginChange | undefined;
    const change = (next: OriginChange) => {
      if (event.context.eventType !== "viewer-request")
        throw new Error("Origins change on viewer-request alone.");
      origin = next;
    };
    try {
      const handler = this.compiled({
        kvs: () => this.store(),
        selectRequestOriginById: (id: string, overrides: OriginNames = {}) =>
          change({ id, overrides: known(overrides, OVERRIDES) }),
        updateRequestOrigin: (properties: OriginNames) =>
          change({ properties: known(properties, PROPERTIES) }),
      });
      const value = await handler(structuredClone(event));
      return { value, origin };
    } catch (error) {
      throw new FunctionFailure(503, error instanceof Error ? error.message : String(error));
    }
  }

  private store() {
    const { read } = this;
    if (!read) throw new Error("The function has no key value store.");
    const get = (key: string): string => {
      const value = read(key);
      if (value === undefined) throw new Error(`KeyNotFound: ${key}`);
      return value;
    };
    return {
      get: async (key: string, { format = "string" }: { format?: string } = {}) =>
        format === "json" ? JSON.parse(get(key)) : get(key),
      exists: async (key: string) => read(key) !== undefined,
    };
  }
}

function compile(code: string): Compiled {
  const parsingContext = createContext({}, { codeGeneration: { strings: false, wasm: false } });
  runInContext(ABSENT.map((name) => `delete globalThis.${name};`).join(""), parsingContext);
  const modules = [...code.matchAll(IMPORT)].map(([, name = "", module]) => ({ name, module }));
  const strange = modules.find(({ module }) => module !== "cloudfront");
  if (strange) throw new FunctionFailure(503, `The sandbox has no module ${strange.module} for functions.`);
  // Without its imports, on lines of the same numbers.
  const text = `"use strict"; ${code.replace(IMPORT, "")}\nreturn handler;`;
  try {
    const compiled = compileFunction(
      text,
      modules.map(({ name }) => name),
      { parsingContext },
    );
    return (cloudfront) => compiled(...modules.map(() => cloudfront)) as Handler;
  } catch (error) {
    throw new FunctionFailure(503, error instanceof Error ? error.message : String(error));
  }
}

function known<T extends object>(given: T, names: readonly string[]): T {
  const strange = Object.keys(given).find((name) => !names.includes(name));
  if (strange !== undefined) throw new Error(`The sandbox does not stand in for an origin's ${strange}.`);
  return given;
}
