import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The answer of AWS to GetCallerIdentity. */
const CALLER =
  "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/cleo</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>";

interface Asked {
  readonly Name: string;
  readonly Value?: string;
  readonly Overwrite?: boolean;
}

/** A Parameter Store for plans and applies, which find it by the variables that `start` returns. */
export class ParameterStore {
  readonly parameters = new Map<string, { readonly value: string; readonly version: number }>();
  /** Names that nobody may touch. */
  readonly forbidden = new Set<string>();
  /** The calls so far: each operation with the parameter's name. */
  asked: string[] = [];
  /** The regions that calls were signed for. */
  readonly regions = new Set<string>();
  private readonly server: Server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const operation = String(request.headers["x-amz-target"]).split(".")[1];
    if (operation === undefined) return response.writeHead(200, { "content-type": "text/xml" }).end(CALLER);
    this.regions.add(/Credential=[^/]+\/\d+\/([^/]+)/.exec(String(request.headers.authorization))?.[1] ?? "");
    const answer = this.answer(operation, JSON.parse(body));
    const isRefused = typeof answer === "string";
    response.writeHead(isRefused ? 400 : 200, { "content-type": "application/x-amz-json-1.1" });
    response.end(JSON.stringify(isRefused ? { __type: answer, message: answer } : answer));
  });

  /** Starts it. @returns variables that lead the SDK there */
  async start(): Promise<Record<string, string>> {
    await new Promise<void>((listening) => this.server.listen(0, "127.0.0.1", listening));
    const { port } = this.server.address() as AddressInfo;
    return {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: "id",
      AWS_SECRET_ACCESS_KEY: "key",
    };
  }

  put(name: string, value: string, version = 1): void {
    this.parameters.set(name, { value, version });
  }

  close(): Promise<unknown> {
    return new Promise((closed) => this.server.close(closed));
  }

  /** An answer, or the code of a refusal. */
  private answer(operation: string, { Name, Value = "", Overwrite }: Asked): object | string {
    this.asked.push(`${operation} ${Name}`);
    if (this.forbidden.has(Name)) return "AccessDeniedException";
    const found = this.parameters.get(Name);
    if (operation === "PutParameter") {
      if (found && !Overwrite) return "ParameterAlreadyExists";
      this.put(Name, Value, (found?.version ?? 0) + 1);
      return {};
    }
    if (!found) return "ParameterNotFound";
    if (operation === "DeleteParameter") this.parameters.delete(Name);
    return { Parameter: { Name, Value: found.value, Version: found.version } };
  }
}
