import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import { type EdgeRequest, type EdgeResponse, type EdgeValues, FunctionFailure } from "./function";

/** Headers that functions neither see nor make. Source: "Restrictions on all edge functions", CloudFront guide. */
const DISALLOWED =
  /^(connection|expect|keep-alive|proxy-(authenticate|authorization|connection)|trailer|upgrade|x-accel-.*|x-amz-cf-.*|x-amzn-(auth|cf-billing|cf-id|cf-xff|errortype|fle-profile|header-count|header-order|lambda-integration-tag|requestid)|x-cache|x-edge-.*|x-forwarded-proto|x-real-ip)$/;
/** Headers that they see, and leave as they are. */
const READ_ONLY = ["content-length", "host", "transfer-encoding", "via"];

/** A viewer's request as a function sees it. */
export function requestOf(method: string, url: string, headers: IncomingHttpHeaders): EdgeRequest {
  const { pathname, searchParams } = new URL(url, "http://viewer");
  const { cookie, ...others } = headers;
  return {
    method,
    uri: pathname,
    querystring: valuesOf([...searchParams]),
    headers: seen(others),
    cookies: cookiesOf(cookie),
  };
}

/** An origin's answer as a function sees it. */
export function responseOf(status: number, headers: IncomingHttpHeaders): EdgeResponse {
  const { "set-cookie": cookies = [], ...others } = headers;
  const pairs = cookies.map((line) => {
    const [, name = "", value = "", attributes = ""] = /^([^=]*)=([^;]*)(?:;\s*(.*))?$/.exec(line) ?? [];
    return [name, { value, ...(attributes && { attributes }) }] as const;
  });
  return { statusCode: status, headers: seen(others), cookies: Object.fromEntries(pairs) };
}

const seen = (headers: IncomingHttpHeaders): EdgeValues =>
  valuesOf(
    Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      value === undefined || DISALLOWED.test(name)
        ? []
        : (Array.isArray(value) ? value : [value]).map((one) => [name, one]),
    ),
  );

const cookiesOf = (line: string | undefined): EdgeValues =>
  valuesOf(
    (line ?? "").split(/;\s*/).flatMap((pair): [string, string][] => {
      const place = pair.indexOf("=");
      return place < 1 ? [] : [[pair.slice(0, place), pair.slice(place + 1)]];
    }),
  );

function valuesOf(pairs: readonly (readonly [string, string])[]): EdgeValues {
  const values: EdgeValues = {};
  for (const [name, value] of pairs) {
    const there = values[name];
    if (!there) values[name] = { value };
    else there.multiValue = [...(there.multiValue ?? [{ value: there.value }]), { value }];
  }
  return values;
}

const all = ({ value, multiValue }: { value: string; multiValue?: { value: string }[] }): string[] =>
  multiValue ? multiValue.map((one) => one.value) : [value];

/** The headers that go on to an origin, after a function's request. @throws FunctionFailure 502 where it made what it may not */
export function headersOf(request: EdgeRequest, before: EdgeRequest): OutgoingHttpHeaders {
  checkHeaders(request.headers, before.headers);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, all(value)]),
  );
  const cookies = Object.entries(request.cookies).flatMap(([name, value]) =>
    all(value).map((one) => `${name}=${one}`),
  );
  return { ...headers, ...(cookies.length > 0 && { cookie: cookies.join("; ") }) };
}

/** The path and query that go on to an origin. */
export function targetOf({ uri, querystring }: EdgeRequest): string {
  const query = Object.entries(querystring).flatMap(([name, value]) =>
    all(value).map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
  );
  return query.length > 0 ? `${uri}?${query.join("&")}` : uri;
}

/** The headers that go to the viewer, after a function's answer. @throws FunctionFailure 502 where it made what it may not */
export function answerHeaders(
  { headers = {}, cookies = {} }: EdgeResponse,
  before: EdgeValues = {},
): OutgoingHttpHeaders {
  checkHeaders(headers, before);
  const lines = Object.entries(cookies).map(
    ([name, { value, attributes }]) => `${name}=${value}${attributes ? `; ${attributes}` : ""}`,
  );
  return {
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, all(value)])),
    ...(lines.length > 0 && { "set-cookie": lines }),
  };
}

function checkHeaders(headers: EdgeValues, before: EdgeValues): void {
  for (const [name, { value }] of Object.entries(headers)) {
    if (name !== name.toLowerCase())
      throw new FunctionFailure(502, `The header ${name} is not in lower case.`);
    if (DISALLOWED.test(name)) throw new FunctionFailure(502, `Functions make no header ${name}.`);
    if (READ_ONLY.includes(name) && before[name]?.value !== value)
      throw new FunctionFailure(502, `Functions leave the header ${name} as it is.`);
  }
}
