import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Outcome } from "../support/commands-here";
import { Project } from "./support/project";

const project = new Project();
afterAll(() => project.remove());

const APP = {
  name: "Guest Book",
  env: {
    SECRET_KEY_BASE: { generator: "secret" },
    MAIL_FROM: { value: "team@example.com" },
    SENTRY: { value: "https://abc0123@sentry.example.com/1" },
    CALLBACK: "https://book.example.com/callback",
    WEB_CONCURRENCY: "2",
  },
  formation: {
    web: { quantity: 2, size: "standard-2x" },
    mail_worker: { quantity: 1, size: "performance-m" },
  },
  addons: ["heroku-postgresql:essential-0", "heroku-redis:mini", "papertrail"],
};
const PROCFILE = `web: bundle exec puma --port $PORT
mail_worker: bundle exec sidekiq -q mail
release: bundle exec rake db:migrate
`;

const GREETING = 'say "hi"\nit\'s `$' + "{HOME}` \\\u2028";

mkdirSync(join(project.folder, "odd values"));
project.write(
  "odd values/app.json",
  JSON.stringify({ name: "odd", env: { GREETING, EMPTY: "", DEBUG: true } }),
);
project.write("app.json", JSON.stringify(APP));
project.write("Procfile", PROCFILE);
const domain = ["--domain", "book.example.com", "--zone", "example.com"];
const written = (name: string) => readFileSync(join(project.folder, `environments/${name}.ts`), "utf8");

const origin = ["--origin", "https://guest-book-1a2b.herokuapp.com"];
const other = ["--domain", "moving.example.com", "--zone", "example.com"];
let [first, moving]: Outcome[] = [];

beforeAll(async () => {
  first = await project.slipway(["import", "heroku", "app.json", ...domain]);
  moving = await project.slipway(["import", "heroku", ".", "--name", "moving", ...other, ...origin]);
});

describe("slipway import heroku", () => {
  it("writes a light environment, and says what comes next", () => {
    const stdout = first?.stdout;
    expect(first).toEqual({ code: 0, stdout, stderr: "" });
    expect(stdout).toMatch(/^environments\/guest-book\.ts is written: .* web and mail-worker\./);
    expect(stdout).toContain("heroku config:get SENTRY | npx slipway secret set guest-book SENTRY\n");
    expect(stdout).toContain(
      "heroku config:get DATABASE_URL | npx slipway secret set guest-book DATABASE_URL\n",
    );
    expect(stdout).toContain("The add-on papertrail stays");
    expect(written("guest-book")).toBe(`import { environment, light } from "slipway";

export default environment({
  preset: light,
  region: "us-west-2",
  registry: "guest-book",
  distribution: { domain: { names: ["book.example.com"], zone: "example.com" } },
  database: { url: "external" },
  services: {
    web: {
      port: 8080,
      command: ["sh", "-c", "exec bundle exec puma --port $PORT"],
      count: 2,
      cpu: 512,
      memory: 1024,
      secrets: ["SECRET_KEY_BASE", "SENTRY"],
      database: ["DATABASE_URL"],
      uses: { cache: { type: "valkey", variable: "REDIS_URL" } },
      config: {
        PORT: "8080",
        MAIL_FROM: "team@example.com",
        CALLBACK: "$URL/callback",
        WEB_CONCURRENCY: "2",
      },
      migrations: ["bundle", "exec", "rake", "db:migrate"],
    },
    "mail-worker": {
      command: ["bundle", "exec", "sidekiq", "-q", "mail"],
      cpu: 2048,
      memory: 4096,
      secrets: ["SECRET_KEY_BASE", "SENTRY"],
      database: ["DATABASE_URL"],
      uses: { cache: { type: "valkey", variable: "REDIS_URL" } },
      config: { MAIL_FROM: "team@example.com", CALLBACK: "$URL/callback", WEB_CONCURRENCY: "2" },
    },
  },
});
`);
  });

  it("writes the move out of it, where its address and the name that people type are known", () => {
    expect(moving?.code, moving?.stderr).toBe(0);
    expect(moving?.stdout).toContain("npx slipway move moving");
    expect(written("moving")).toContain(`  data: "kept",
  database: true,
  move: {
    from: { origin: "https://guest-book-1a2b.herokuapp.com", domain: "moving.example.com" },
    database: true,
  },
`);
  });

  it("has written its file when its reader stops early, whatever values stand in app.json", () => {
    const { status, stderr } = project.piped(["import", "heroku", "odd values"]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(written("odd")).toContain("GREETING: 'say \"hi\"\\nit\\'s");
  });

  it("writes what compiles, is formatted, and plans without an account", async () => {
    for (const { status, stdout, stderr } of project.check()) expect(status, stdout + stderr).toBe(0);
    const { code, stdout, stderr } = await project.slipway(["plan", "guest-book", "moving", "--offline"]);
    expect(code, stdout + stderr).toBe(2);
    expect(stdout).toMatch(/^moving: \d+ to add/m);
    expect(stdout).toContain("aws_ecs_service.{service_mail-worker_service, service_web_service}");
    expect(stdout).toContain("aws_elasticache_replication_group.uses_cache_group");
    const databases = [...stdout.matchAll(/aws_db_instance\.\S+/g)].map(([address]) => address);
    expect(databases).toEqual(["aws_db_instance.database_instance"]);
  });

  it("writes over nothing", async () => {
    const before = written("guest-book");
    const again = ["import", "heroku", "app.json", "--port", "3000"];
    const { code, stdout, stderr } = await project.slipway(again);
    expect(stderr).toMatch(/environments\/guest-book\.ts is there already.*--name/);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(written("guest-book")).toBe(before);
  });

  it.each([
    [["heroku", "nothing.json"], 1, /There is no file nothing\.json/],
    [["heroku", "environments"], 1, /environments has no app\.json, heroku\.yml or Procfile/],
    [["heroku", "app.json", "--domain", "a.example.com"], 1, /--domain: .*--zone.*--certificate/],
    [["heroku", "app.json", ...origin], 1, /--origin .*--domain/],
    [
      ["heroku", ".", "--name", "other", ...domain, "--origin", "http://a.b"],
      1,
      /move\.from\.origin: .*https/,
    ],
    [["heroku", "app.json", "--procfile", "environments"], 1, /environments cannot be read: EISDIR/],
    [["heroku", "app.json", "--name", "Prod"], 1, /upper case; write "prod".*--name/],
    [["heroku", "app.json", "--port", "web"], 64, /Give a whole number from 1 to 65535/],
    [["herok", "app.json"], 64, /Did you mean heroku/],
  ])("refuses %j, and writes nothing", async (words, code, said) => {
    const files = readdirSync(join(project.folder, "environments"));
    const { stderr, ...ended } = await project.slipway(["import", ...words]);
    expect(stderr).toMatch(said);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(ended).toEqual({ code, stdout: "" });
    expect(readdirSync(join(project.folder, "environments"))).toEqual(files);
  });
});
