import { CommandError } from "./error";

/** Where GitHub is, and as whom: what every runner gives its jobs, and the token that the step passes on. */
export interface Runner {
  readonly api: string;
  /** `owner/name` */
  readonly repository: string;
  readonly token: string;
  /** The page of this run, to link to. */
  readonly run: string;
}

/** @throws CommandError naming each variable that is missing */
export function runnerOf(env: NodeJS.ProcessEnv): Runner {
  const names = ["GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN", "GITHUB_SERVER_URL", "GITHUB_RUN_ID"];
  const missing = names.filter((name) => !env[name]);
  if (missing.length > 0) {
    throw new CommandError(
      `Not set: ${missing.join(", ")}. This command is for GitHub Actions, which sets all but GITHUB_TOKEN; give the step\n  env: { GITHUB_TOKEN: \${{ github.token }} }`,
    );
  }
  const [api = "", repository = "", token = "", server = "", run = ""] = names.map((name) => env[name]);
  return { api, repository, token, run: `${server}/${repository}/actions/runs/${run}` };
}

/** The permission that a job must have for what it asks, as its `permissions:` name it. */
export type Permission = "actions: write" | "contents: read" | "pull-requests: write" | "issues: write";

const PAGE = 100;

/**
 * GitHub's REST API within one repository. It is four kinds of calls: a client library would bring twenty packages for them.
 * Source: "REST API endpoints for issue comments" and "for issues", GitHub documentation.
 */
export class Api {
  constructor(
    private readonly runner: Runner,
    private readonly permission: Permission,
  ) {}

  /** All pages of a list, one after another, so that whoever found what he looks for asks for no more. */
  async *list<T>(path: string): AsyncGenerator<T> {
    const mark = path.includes("?") ? "&" : "?";
    for (let page = 1; ; page++) {
      const items = await this.send<T[]>("GET", `${path}${mark}per_page=${PAGE}&page=${page}`);
      yield* items;
      if (items.length < PAGE) return;
    }
  }

  /** @throws CommandError in words that say what to do */
  async send<T>(method: "GET" | "POST" | "PATCH", path: string, body?: object): Promise<T> {
    const { api, repository, token } = this.runner;
    const what = `${method} /repos/${repository}${path}`;
    const answer = await fetch(`${api}/repos/${repository}${path}`, {
      method,
      headers: {
        accept: "application/vnd.github+json",
        authorization: `Bearer ${token}`,
        "x-github-api-version": "2022-11-28",
        ...(body && { "content-type": "application/json" }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    }).catch((error: Error) => {
      const cause = error.cause instanceof Error ? error.cause.message : error.message;
      throw new CommandError(`${what}: ${api} does not answer (${cause}). Run the job again.`);
    });
    // What only starts something has nothing to answer.
    if (answer.status === 204) return undefined as T;
    if (answer.ok) return (await answer.json()) as T;
    throw new CommandError(
      `${what}: GitHub answers ${answer.status}, ${await reason(answer)}. ${this.wayOut(answer)}`,
    );
  }

  private wayOut({ status, headers }: Response): string {
    if (status === 429 || headers.get("x-ratelimit-remaining") === "0" || headers.has("retry-after"))
      return "Too many requests: run the job again later.";
    if (status === 401) return "The token is wrong or expired: pass ${{ github.token }} as GITHUB_TOKEN.";
    // What a token may not see is not found.
    if (status === 403 || status === 404)
      return `The job needs "permissions: { ${this.permission} }"; a fork's pull request never gets it.`;
    if (status === 410) return "The repository has its issues switched off: switch them on in its settings.";
    return status >= 500 ? "That is GitHub's own failure: run the job again." : "";
  }
}

async function reason(answer: Response): Promise<string> {
  const text = await answer.text();
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text.slice(0, 200) || answer.statusText;
  }
}
