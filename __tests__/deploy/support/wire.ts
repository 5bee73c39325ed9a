import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What AWS answers when it says no; `status` 500 and above is a server fault. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
    readonly extra: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

/** The connection breaks instead of answering. */
export class Broken extends Error {}

const SERVICES: Record<string, string> = {
  AmazonEC2ContainerServiceV20141113: "ecs",
  AmazonEC2ContainerRegistry_V20150921: "ecr",
  AmazonSSM: "ssm",
  Logs_20140328: "logs",
};

export type Answer = (operation: string, input: Record<string, unknown>) => unknown;

/** Speaks AWS JSON 1.1, and the query protocol for STS, on a loopback port. */
export async function serve(
  answer: Answer,
  blob: (path: string) => unknown,
): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    void handle(request, response, answer, blob);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  blob: (path: string) => unknown,
) {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (request.method === "GET") return response.end(JSON.stringify(blob(request.url ?? "")));
  const body = Buffer.concat(chunks).toString();
  const [service = "", name = ""] = String(request.headers["x-amz-target"] ?? "").split(".");
  const query = new URLSearchParams(body);
  const sts = !SERVICES[service];
  const operation = sts ? `sts:${query.get("Action")}` : `${SERVICES[service]}:${name}`;
  try {
    const output = answer(operation, sts ? Object.fromEntries(query) : JSON.parse(body || "{}"));
    if (sts)
      return response.setHeader("content-type", "text/xml").end(xml(query.get("Action") ?? "", output));
    response.setHeader("content-type", "application/x-amz-json-1.1").end(JSON.stringify(output));
  } catch (error) {
    if (error instanceof Broken) return request.socket.destroy();
    const { code, message, status, extra } =
      error instanceof Refusal ? error : new Refusal("InternalFailure", String(error), 500);
    response.statusCode = status;
    if (sts) {
      return response.end(
        `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
      );
    }
    response
      .setHeader("content-type", "application/x-amz-json-1.1")
      .end(JSON.stringify({ __type: code, message, ...extra }));
  }
}

function xml(action: string, output: unknown): string {
  const fields = Object.entries(output as Record<string, string>).map(
    ([key, value]) => `<${key}>${value}</${key}>`,
  );
  return `<${action}Response><${action}Result>${fields.join("")}</${action}Result></${action}Response>`;
}
