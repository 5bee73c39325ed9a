import cf from "cloudfront";

// What CloudFront does with every request while a move is under way, in its runtime cloudfront-js-2.0: it picks the side that answers,
// and tells the viewer which one did. front.ts writes in what stands between two underscores.
const OLD_HOST = "__OLD_HOST__";
const NEW_ORIGIN = "__NEW_ORIGIN__";
// Names that the old side never had: the services behind them are on the new side alone.
const NEW_HOSTS = ["__NEW_HOSTS__"];
const SIDE = "x-slipway-origin";
const COOKIE = "slipway-viewer";
const READS = ["GET", "HEAD", "OPTIONS"];
const store = cf.kvs();

// biome-ignore lint/correctness/noUnusedVariables: CloudFront calls it
async function handler(event) {
  const move = await readMove();
  const side = sideOf(event, move);
  return event.context.eventType === "viewer-request"
    ? passOn(event.request, side, move)
    : label(event, side);
}

/**
 * Percent of viewers that the new side answers, whether nothing may be written, and whether one side alone takes anybody. Until
 * somebody says so, all is as it was.
 */
async function readMove() {
  const move = await stored();
  if (move) return move;
  if (!(await isWritten())) return { share: 0, hold: false };
  // The first value may have come since it was asked for.
  const first = await stored();
  return first ? first : { share: 0, hold: true };
}

/** What the store says; nothing where that is none, or cannot be read. */
async function stored() {
  try {
    return await store.get("move", { format: "json" });
  } catch (_error) {
    return undefined;
  }
}

/** What stands in the store and cannot be read may say that the old side's writes are lost: nothing is written until it can. */
async function isWritten() {
  try {
    return await store.exists("move");
  } catch (_error) {
    return true;
  }
}

/**
 * A tester's header says it; otherwise the viewer's number does. The header stays on the request, so that both events agree. Both are
 * the viewer's own words: once they could bring writes to a database that nobody looks at any more, neither counts.
 */
function sideOf(event, move) {
  if (move.only) return move.only;
  if (NEW_HOSTS.indexOf(event.request.headers.host.value.toLowerCase()) >= 0) return "new";
  const header = event.request.headers[SIDE];
  if (header && (header.value === "old" || header.value === "new")) return header.value;
  return numberOf(event) < move.share * 100 ? "new" : "old";
}

/** A viewer's own number, 0 to 9999: in its cookie, and until it has one by its address. */
function numberOf(event) {
  const cookie = event.request.cookies[COOKIE];
  if (cookie && /^[0-9]{1,4}$/.test(cookie.value)) return Number(cookie.value);
  let hash = 1;
  for (let index = 0; index < event.viewer.ip.length; index++)
    hash = ((hash + event.viewer.ip.charCodeAt(index)) * 48271) % 2147483647;
  return hash % 10000;
}

function passOn(request, side, move) {
  if (move.hold && READS.indexOf(request.method) < 0) return refuse();
  request.headers[SIDE] = { value: side };
  if (side === "new") {
    cf.selectRequestOriginById(NEW_ORIGIN);
    return request;
  }
  // The old platform answers to its own name alone, in the request and in the handshake.
  request.headers["x-forwarded-host"] = { value: request.headers.host.value };
  cf.updateRequestOrigin({ domainName: OLD_HOST, hostHeader: OLD_HOST, sni: OLD_HOST });
  return request;
}

/** While data is on its way from one database to the other, neither takes any. */
function refuse() {
  return {
    statusCode: 503,
    statusDescription: "Service Unavailable",
    headers: {
      "retry-after": { value: "5" },
      "cache-control": { value: "no-store" },
      "content-type": { value: "text/plain" },
      "x-slipway-origin": { value: "hold" },
    },
    body: { encoding: "text", data: "Nothing can be written for a moment. Please try again.\n" },
  };
}

/** CloudFront asks for this with answers below 400 alone. */
function label(event, side) {
  const response = event.response;
  response.headers[SIDE] = { value: side };
  if (!event.request.cookies[COOKIE])
    response.cookies[COOKIE] = {
      value: String(numberOf(event)),
      attributes: "Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=Lax",
    };
  return response;
}
