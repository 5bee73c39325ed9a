import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export const US = "github-actions[bot]";

export interface StoredComment {
  id: number;
  issue: number;
  body: string;
  user: { login: string };
}

export interface StoredIssue {
  number: number;
  title: string;
  body: string | null;
  state: "open" | "closed";
  user: { login: string };
  pull_request?: object;
}

interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

const REPOSITORY = "octo/infra";

/** GitHub's API as far as issues, comments and the head of main go, on loopback: what was written stays, and a token may be refused. */
export class Github {
  readonly comments: StoredComment[] = [];
  readonly issues: StoredIssue[] = [];
  /** The commit that main has. */
  head = "1f".repeat(20);
  /** The commit that pull request 7 has. */
  pushed = "3c".repeat(20);
  /** Refs for which a workflow was started. */
  readonly dispatched: string[] = [];
  /** Each request, as `POST /issues/7/comments`. */
  readonly requests: string[] = [];
  /** Answered to everything instead, while it is set. */
  refusal: Answer | undefined;
  private readonly server: Server;
  private id = 1000;

  private constructor() {
    this.server = createServer(async (request, response) => {
      const { status, body, headers } = await this.answer(request);
      response.writeHead(status, { "content-type": "application/json", ...headers });
      response.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  static async start(): Promise<Github> {
    const github = new Github();
    await new Promise<void>((resolve) => github.server.listen(0, "127.0.0.1", resolve));
    return github;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** What a runner sets, and the token that a step passes on. */
  get env(): Record<string, string> {
    return {
      GITHUB_API_URL: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`,
      GITHUB_REPOSITORY: REPOSITORY,
      GITHUB_RUN_ID: "4711",
      GITHUB_SERVER_URL: "https://github.example",
      GITHUB_TOKEN: "job-token",
    };
  }

  /** A comment that somebody wrote before. */
  commented(issue: number, body: string, login = US): StoredComment {
    const comment = { id: ++this.id, issue, body, user: { login } };
    this.comments.push(comment);
    return comment;
  }

  /** An issue that somebody opened before. */
  opened(body: string | null, rest: Partial<StoredIssue> = {}): StoredIssue {
    const issue = {
      number: ++this.id,
      title: "",
      body,
      state: "open" as const,
      user: { login: US },
      ...rest,
    };
    this.issues.push(issue);
    return issue;
  }

  private async answer(request: IncomingMessage): Promise<Answer> {
    const url = new URL(request.url ?? "", "http://localhost");
    const path = url.pathname.replace(`/repos/${REPOSITORY}`, "");
    this.requests.push(`${request.method} ${path}${url.search}`);
    let text = "";
    for await (const chunk of request) text += chunk;
    if (this.refusal) return this.refusal;
    if (request.headers.authorization !== "Bearer job-token")
      return { status: 401, body: { message: "Bad credentials" } };
    return this.route(`${request.method} ${path}`, url.searchParams, text ? JSON.parse(text) : undefined);
  }

  // biome-ignore lint/suspicious/noExplicitAny: bodies are what the command under test sent.
  private route(what: string, query: URLSearchParams, body: any): Answer {
    const [, number = ""] = /\/(\d+)/.exec(what) ?? [];
    if (/^GET \/issues\/\d+\/comments$/.test(what))
      return page(
        this.comments.filter(({ issue }) => issue === Number(number)),
        query,
      );
    if (/^POST \/issues\/\d+\/comments$/.test(what))
      return this.take(body, () => this.commented(Number(number), body.body));
    if (/^PATCH \/issues\/comments\/\d+$/.test(what))
      return this.take(body, () =>
        Object.assign(this.comments.find(({ id }) => id === Number(number)) ?? {}, body),
      );
    if (/^POST \/actions\/workflows\/\S+\/dispatches$/.test(what)) {
      this.dispatched.push(body.ref);
      return { status: 204, body: undefined };
    }
    if (what === "GET /git/ref/heads/main")
      return { status: 200, body: { ref: "refs/heads/main", object: { type: "commit", sha: this.head } } };
    if (what === "GET /pulls/7") return { status: 200, body: { number: 7, head: { sha: this.pushed } } };
    if (what === "GET /issues")
      return page(
        this.issues.filter(({ state }) => state === query.get("state")),
        query,
      );
    if (what === "POST /issues") return this.take(body, () => this.opened(body.body, { title: body.title }));
    if (/^PATCH \/issues\/\d+$/.test(what))
      return this.take(body, () =>
        Object.assign(this.issues.find((issue) => issue.number === Number(number)) ?? {}, body),
      );
    return { status: 404, body: { message: "Not Found" } };
  }

  private take({ body }: { body?: string }, write: () => unknown): Answer {
    // The limit and the message of GitHub's own validation.
    if ((body ?? "").length > 65_536)
      return {
        status: 422,
        body: { message: "Validation Failed: body is too long (maximum is 65536 characters)" },
      };
    return { status: 200, body: write() };
  }
}

function page(all: readonly unknown[], query: URLSearchParams): Answer {
  const [size, number] = [Number(query.get("per_page") ?? 30), Number(query.get("page") ?? 1)];
  return { status: 200, body: all.slice((number - 1) * size, number * size) };
}
