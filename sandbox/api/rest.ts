import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { AwsFailure, type RestService } from "./errors";
import { elements, escapeXml, unescapeXml, writeElements, type Xml } from "./s3-wire";

/** An answer of the REST protocols: XML under its root's name, or JSON. */
export interface RestOutput {
  status?: number;
  headers?: Record<string, string>;
  xml?: Record<string, Xml>;
  json?: object;
}

interface Route {
  method: string;
  /** With a name for each member that stands in it. */
  path: RegExp;
  operation: string;
  body?: (text: string, headers: IncomingHttpHeaders) => Record<string, unknown>;
}

const ZONE = "/2013-04-01/hostedzone/(?<HostedZoneId>[^/]+)/rrset";
const STORE = "/key-value-stores/(?<KvsARN>[^/]+)";
const ifMatch = (headers: IncomingHttpHeaders) => ({ IfMatch: headers["if-match"] });
const json = (text: string, headers: IncomingHttpHeaders) => ({
  ...JSON.parse(text || "{}"),
  ...ifMatch(headers),
});

/** Operations by method and path. Source: the API references of Route 53, CloudFront and CloudFront KeyValueStore. */
const ROUTES: Readonly<Record<RestService, readonly Route[]>> = {
  route53: [
    { method: "GET", path: at("/2013-04-01/hostedzone/(?<Id>[^/]+)"), operation: "GetHostedZone" },
    { method: "GET", path: at(ZONE), operation: "ListResourceRecordSets" },
    { method: "POST", path: at(`${ZONE}/?`), operation: "ChangeResourceRecordSets", body: readBatch },
    { method: "GET", path: at("/2013-04-01/change/(?<Id>[^/]+)"), operation: "GetChange" },
  ],
  cloudfront: [
    { method: "GET", path: at("/2020-05-31/distribution/(?<Id>[^/]+)"), operation: "GetDistribution" },
    { method: "GET", path: at("/2020-05-31/conflicting-alias"), operation: "ListConflictingAliases" },
    {
      method: "PUT",
      path: at("/2020-05-31/distribution/(?<TargetDistributionId>[^/]+)/associate-alias"),
      operation: "AssociateAlias",
    },
  ],
  scheduler: [
    { method: "GET", path: at("/schedules/(?<Name>[^/]+)"), operation: "GetSchedule" },
    { method: "PUT", path: at("/schedules/(?<Name>[^/]+)"), operation: "UpdateSchedule", body: json },
  ],
  "cloudfront-keyvaluestore": [
    { method: "GET", path: at(STORE), operation: "DescribeKeyValueStore" },
    { method: "GET", path: at(`${STORE}/keys`), operation: "ListKeys" },
    { method: "POST", path: at(`${STORE}/keys/?`), operation: "UpdateKeys", body: json },
    { method: "GET", path: at(`${STORE}/keys/(?<Key>[^/]+)`), operation: "GetKey" },
    { method: "PUT", path: at(`${STORE}/keys/(?<Key>[^/]+)`), operation: "PutKey", body: json },
    {
      method: "DELETE",
      path: at(`${STORE}/keys/(?<Key>[^/]+)`),
      operation: "DeleteKey",
      body: (_, headers) => ifMatch(headers),
    },
  ],
};

function at(path: string): RegExp {
  return new RegExp(`^${path}$`);
}

export function readRest(
  service: RestService,
  method: string,
  target: string,
  headers: IncomingHttpHeaders,
  body: string,
): { operation: string; input: Record<string, unknown> } {
  const { pathname, searchParams } = new URL(target, "http://localhost");
  for (const route of ROUTES[service]) {
    const found = route.method === method && route.path.exec(pathname);
    if (!found) continue;
    const named = Object.entries(found.groups ?? {}).map(([name, value]) => [
      name,
      decodeURIComponent(value),
    ]);
    const query = Object.fromEntries(searchParams);
    // The one member of the scheduler's that is asked for in an address and named otherwise there.
    const { groupName: GroupName, ...others } = query;
    const input = { ...others, ...(GroupName && { GroupName }), ...Object.fromEntries(named) };
    return { operation: route.operation, input: { ...input, ...route.body?.(body, headers) } };
  }
  const known = ROUTES[service].map(({ operation }) => operation).join(", ");
  throw new AwsFailure(
    "UnknownOperationException",
    `The sandbox does not stand in for ${method} ${pathname} of ${service}. It knows ${known}.`,
    404,
  );
}

/** One value of an element, or undefined. */
function one(xml: string, name: string): string | undefined {
  const [value] = elements(xml, name);
  return value === undefined ? undefined : unescapeXml(value);
}

/** A batch of changes as Route 53's clients write it. */
function readBatch(body: string): Record<string, unknown> {
  const changes = elements(body, "Change").map((change) => {
    const [set = ""] = elements(change, "ResourceRecordSet");
    const [alias] = elements(set, "AliasTarget");
    const ttl = one(set, "TTL");
    const records = elements(set, "ResourceRecord");
    return {
      Action: one(change, "Action"),
      ResourceRecordSet: {
        Name: one(set, "Name"),
        Type: one(set, "Type"),
        SetIdentifier: one(set, "SetIdentifier"),
        TTL: ttl === undefined ? undefined : Number(ttl),
        ...(records.length > 0 && {
          ResourceRecords: records.map((record) => ({ Value: one(record, "Value") ?? "" })),
        }),
        ...(alias !== undefined && {
          AliasTarget: {
            HostedZoneId: one(alias, "HostedZoneId"),
            DNSName: one(alias, "DNSName"),
            EvaluateTargetHealth: one(alias, "EvaluateTargetHealth") === "true",
          },
        }),
      },
    };
  });
  return { ChangeBatch: { Changes: changes } };
}

/** Documents of the services that speak XML. */
const NAMESPACES = {
  route53: "https://route53.amazonaws.com/doc/2013-04-01/",
  cloudfront: "http://cloudfront.amazonaws.com/doc/2020-05-31/",
};

export function answerRest(
  response: ServerResponse,
  service: RestService,
  output: RestOutput,
  request: string,
): void {
  const { status = 200, headers, xml, json: body } = output;
  const [root] = Object.entries(xml ?? {});
  const text = root
    ? document(service === "route53" ? "route53" : "cloudfront", root[0], writeElements(root[1]))
    : body && JSON.stringify(body);
  const type = root ? "text/xml" : "application/json";
  response.writeHead(status, {
    ...headers,
    ...(text && { "content-type": type }),
    "x-amzn-requestid": request,
  });
  response.end(text);
}

export function answerRestError(
  response: ServerResponse,
  service: RestService,
  { code, message, status }: AwsFailure,
  request: string,
): void {
  if (service === "cloudfront-keyvaluestore" || service === "scheduler") {
    const headers = { "x-amzn-errortype": code };
    answerRest(response, service, { status, headers, json: { Message: message } }, request);
    return;
  }
  const type = status < 500 ? "Sender" : "Receiver";
  response.writeHead(status, { "content-type": "text/xml", "x-amzn-requestid": request });
  response.end(
    document(
      service,
      "ErrorResponse",
      `<Error><Type>${type}</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${request}</RequestId>`,
    ),
  );
}

const document = (service: keyof typeof NAMESPACES, root: string, inner: string) =>
  `<?xml version="1.0"?>\n<${root} xmlns="${NAMESPACES[service]}">${inner}</${root}>`;
