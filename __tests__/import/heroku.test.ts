import { tmpdir } from "node:os";
import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { fargateCpus, fargateMemories } from "../../aws/fargate";
import { dynoSize, dynoSizes } from "../../import/dynos";
import { environmentFile } from "../../import/environment";
import { readHeroku } from "../../import/heroku";
import { fargateSize } from "../../import/sizes";
import { maybeSecret } from "../../import/variables";

const read = (app: object, procfile?: string, options = {}) =>
  readHeroku({ appJson: JSON.stringify(app), procfile }, { port: 8080, ...options });
const fileOf = (app: object, procfile?: string, options = {}) =>
  environmentFile(read(app, procfile, options), { name: "shop", region: "us-west-2", ...options }, tmpdir());

describe("an app.json and its Procfile", () => {
  it("without anything is one web service", () => {
    expect(read({}).services).toEqual({ web: { port: 8080, config: { PORT: "8080" } } });
    expect(fileOf({ name: "shop" }).props).not.toHaveProperty("database");
  });

  it("makes services of process types, wherever they stand", () => {
    const { services } = read(
      { formation: { clock: { quantity: 0 }, web: { quantity: 3, size: "Standard-1X" } } },
      "# comment\n\nweb: npm start\nurgent_worker: node worker.js\n",
      { health: "/up" },
    );
    expect(Object.keys(services)).toEqual(["web", "urgent-worker", "clock"]);
    expect(services).toMatchObject({
      web: { port: 8080, health: "/up", command: ["npm", "start"], count: 3, cpu: 256, memory: 512 },
      "urgent-worker": { command: ["node", "worker.js"] },
      clock: { count: 0 },
    });
    expect(services["clock"]).not.toHaveProperty("port");
    expect(services["urgent-worker"]).not.toHaveProperty("config");
  });

  it("has a distribution for web alone", () => {
    const { props } = fileOf({ name: "shop" }, "worker: node worker.js\nrelease: node migrate.js\n");
    expect(props).toMatchObject({
      distribution: false,
      services: { worker: { migrations: ["node", "migrate.js"] } },
    });
  });

  it.each([
    ["npm start", ["npm", "start"]],
    ["node  a.js --port=3000", ["node", "a.js", "--port=3000"]],
    ["puma -p $PORT", ["sh", "-c", "exec puma -p $PORT"]],
    ['node -e "1 + 1"', ["sh", "-c", 'exec node -e "1 + 1"']],
    ["./migrate && npm start", ["sh", "-c", "./migrate && npm start"]],
    ["NODE_ENV=production node a.js", ["sh", "-c", "NODE_ENV=production node a.js"]],
    ["exec node a.js $X", ["sh", "-c", "exec node a.js $X"]],
  ])("has the command %s as a container runs it", (line, command) => {
    expect(read({}, `web: ${line}`).services["web"]?.command).toEqual(command);
  });

  it("has Postgres and Redis of its add-ons by the variables that they set", () => {
    const { services, secrets } = read({
      addons: [
        { plan: "heroku-postgresql:standard-0", options: { version: "16" } },
        { plan: "heroku-postgresql", as: "reports" },
        { plan: "heroku-redis", as: "SESSIONS" },
      ],
      env: { DATABASE_URL: { required: true }, SESSIONS_URL: "", REPORTS_URL: "" },
    });
    expect(services["web"]).toMatchObject({
      database: ["DATABASE_URL"],
      uses: { cache: { type: "valkey", variable: "SESSIONS_URL" } },
      secrets: ["REPORTS_URL"],
      config: { PORT: "8080" },
    });
    expect(secrets.map(({ name }) => name)).toEqual(["DATABASE_URL", "REPORTS_URL"]);
  });

  it("uses the Postgres that is there", () => {
    const { props } = fileOf({ env: { DATABASE_URL: {} } });
    expect(props.database).toEqual({ url: "external" });
    const addons = [{ plan: "heroku-postgresql", options: { version: 16 } }];
    expect(fileOf({ addons }).props.database).toEqual({ url: "external", engineVersion: "16" });
  });

  it("says what is left to a person", () => {
    const { remarks } = read(
      {
        addons: [
          "scheduler",
          { plan: "heroku-postgresql", options: { version: "9.5" } },
          { plan: "heroku-postgresql", as: "REPORTS" },
          "heroku-redis",
          "heroku-redis:mini",
        ],
        env: { "A-B": "1", MAYBE: { required: false } },
        buildpacks: [{ url: "heroku/ruby" }],
        scripts: { postdeploy: "rake seed" },
      },
      "web: x\nworker: y\n",
    );
    for (const said of [
      /Postgres 9\.5 is not on RDS/,
      /scheduler/,
      /"A-B"/,
      /^MAYBE may be unset/,
      /Dockerfile/,
      /postdeploy/,
      /worker run is in no file/,
      /^A second heroku-redis:mini has its URL/,
    ])
      expect(
        remarks.filter((remark) => said.test(remark)),
        String(said),
      ).toHaveLength(1);
  });

  it("is read as editors of other machines save it", () => {
    const saved = readHeroku(
      { appJson: '\uFEFF{"name":"shop"}', procfile: "# what runs\r\n\r\nweb: npm start\r\n" },
      { port: 80 },
    );
    expect(saved).toMatchObject({ name: "shop", services: { web: { command: ["npm", "start"] } } });
  });

  it("may have names that every object in JavaScript has", () => {
    const { services } = read({ formation: { toString: { quantity: 1 } } });
    expect(services).toEqual({ tostring: {} });
  });

  it("says all mistakes at once", () => {
    const wrong = () =>
      read(
        { formation: { web: { size: "standard-3x" } } },
        "web: a\nweb: b\nnothing\nmy_job: a\nmy-job: b\n1: c\nempty: \n",
      );
    for (const said of [
      'Procfile, line 2: "web" stands there twice',
      'Procfile, line 3: "nothing" is no process type',
      'Procfile, line 7: "empty: " is no process type',
      '"my-job" and "my_job" would be one service',
      '"1" makes no name of a service',
      '"standard-3x" is no dyno that is known; "standard-1x" is.',
    ])
      expect(wrong).toThrow(said);
    expect(() => readHeroku({ appJson: "{" }, { port: 1 })).toThrow(/app\.json is no JSON/);
    expect(() => read({ env: { A: null, B: { value: [] } } })).toThrow(
      /env\.A: is neither a value nor a description of one.*\n.*env\.B/,
    );
    expect(() => read({ addons: [1], env: [] })).toThrow(
      /app\.json\.env: \[\] is not a record[\s\S]*app\.json\.addons\.0/,
    );
  });
});

describe("a heroku.yml", () => {
  const yml = (herokuYml: string, appJson = "{}", procfile?: string) =>
    readHeroku({ appJson, herokuYml, procfile }, { port: 8080 });
  const WHOLE = `
setup:
  addons:
    - plan: heroku-postgresql
      as: DATABASE
    - plan: papertrail
  config:
    S3_BUCKET: uploads
    PAYMENT_TOKEN: hidden
build:
  docker:
    web: Dockerfile
    worker: worker/Dockerfile
    clock: Dockerfile
  config: { RAILS_ENV: test }
release:
  command:
    - rails db:migrate
    - rails db:seed
  image: worker
run:
  web: bundle exec puma -p $PORT
  worker:
    command: [python worker.py]
  mailer: { command: node mail.js, image: web }
`;

  it("has services, a command each, unless the image says it", () => {
    const { services } = yml(WHOLE);
    expect(Object.keys(services)).toEqual(["web", "worker", "mailer", "clock"]);
    expect(services).toMatchObject({
      web: { port: 8080, command: ["sh", "-c", "exec bundle exec puma -p $PORT"] },
      worker: { command: ["python", "worker.py"] },
      mailer: { command: ["node", "mail.js"] },
    });
    expect(services.clock).not.toHaveProperty("command");
  });

  it("has migrations in its release phase, variables and add-ons in its set-up, and no secret in a file", () => {
    const found = yml(WHOLE, '{ "name": "shop", "env": { "S3_BUCKET": "mine" } }');
    expect(found.services.web).toMatchObject({
      migrations: ["sh", "-c", "rails db:migrate && rails db:seed"],
      config: { PORT: "8080", S3_BUCKET: "mine" },
      database: ["DATABASE_URL"],
      secrets: ["PAYMENT_TOKEN"],
    });
    expect(JSON.stringify(found)).not.toContain("hidden");
    expect(found.services.worker).not.toHaveProperty("migrations");
  });

  it("says which images are others, and what is left out", () => {
    const { remarks } = yml(WHOLE, "{}", "web: npm start\n");
    for (const said of [
      /^worker is an image of its own, built of worker\/Dockerfile/,
      /^The release phase runs in an image of its own, built of worker\/Dockerfile/,
      /^build\.config is left out/,
      /^The Procfile is left out/,
      /papertrail/,
    ])
      expect(
        remarks.filter((remark) => said.test(remark)),
        String(said),
      ).toHaveLength(1);
    expect(remarks.filter((one) => /mailer is|clock is/.test(one))).toEqual([]);
  });

  it("knows stages of one Dockerfile, which are images of their own", () => {
    const { services, remarks } = yml(`
setup: { addons: [heroku-postgresql] }
build:
  docker:
    web: { dockerfile: Dockerfile, target: production }
    worker: { dockerfile: Dockerfile, target: production }
    release: { dockerfile: Dockerfile, target: builder }
release: { command: diesel setup }
`);
    expect(Object.keys(services)).toEqual(["web", "worker"]);
    expect(services.web).toMatchObject({ database: ["DATABASE_URL"], migrations: ["diesel", "setup"] });
    expect(remarks.filter((one) => /image of its own|in an image/.test(one))).toEqual([
      "The release phase runs in an image of its own, built of Dockerfile, stage builder; migrations run in web's here: put what they need into that.",
    ]);
  });

  it("makes no service of an image that others run, and takes web's for the one of all", () => {
    const { services, remarks } = yml(`
build: { docker: { django: Dockerfile.web, other: Dockerfile.other } }
release: { command: python manage.py migrate, image: django }
run:
  web: { command: gunicorn, image: django }
  worker: { command: celery, image: django }
  beat: { command: beat, image: other }
`);
    expect(Object.keys(services)).toEqual(["web", "worker", "beat"]);
    expect(remarks.filter((one) => /image/.test(one))).toEqual([
      "beat is an image of its own, built of Dockerfile.other: push it to another repository, and say that as registry of the service.",
    ]);
  });

  it("has nothing printed of tags that nobody knows", () => {
    const emitted = vi.spyOn(process, "emitWarning").mockReturnValue();
    expect(yml("run: { web: !!js x }").services).toMatchObject({ web: { command: ["x"] } });
    expect(emitted).not.toHaveBeenCalled();
    emitted.mockRestore();
  });

  it("counts on no stack but that of containers", () => {
    const { services, remarks } = yml(WHOLE, '{ "stack": "heroku-24" }', "web: npm start\n");
    expect(services).toMatchObject({ web: { command: ["npm", "start"] } });
    expect(Object.keys(services)).toEqual(["web"]);
    expect(remarks.join()).toContain("heroku.yml is left out: the stack in app.json is heroku-24");
  });

  it.each([
    ["build: [", /heroku\.yml is no YAML: Flow sequence .* column 9\.$/m],
    [
      "run: { web: x }\n---\nrun: {}",
      /is no YAML: Source contains multiple documents at line 2, column 1\.$/m,
    ],
    ["run: { web: 1 }", /heroku\.yml\.run\.web: is neither a command nor { command: …, image: … }\./],
    ["run: { web: }", /heroku\.yml\.run\.web: is neither a command/],
    ["run: { web: [npm start] }", /heroku\.yml\.run\.web: is neither a command/],
    ["build: { docker: { web: { target: x } } }", /heroku\.yml\.build\.docker\.web: is neither a Dockerfile/],
    ["setup: { addons: [5] }", /heroku\.yml\.setup\.addons\.0: is no add-on, as { plan: heroku-postgresql }/],
    [
      "release: { command: [] }\nsetup: { config: { A: [] } }",
      /heroku\.yml\.setup\.config\.A: is no text[\s\S]*release\.command/,
    ],
  ])("is refused where it cannot be read: %s", (text, said) => {
    expect(() => yml(text)).toThrow(said);
  });
});

describe("a secret", () => {
  it.each([
    ["API_KEY", "x"],
    ["STRIPE_SECRET", ""],
    ["DB_PASS", "x"],
    ["AUTH_TOKEN", "x"],
    ["PLAIN", "amqp://guest:guest@mq.example.com"],
    ["PLAIN", "https://hooks.example.com/?sig=abc"],
    ["PLAIN", "sk_live_51H"],
    ["PLAIN", "AKIAIOSFODNN7EXAMPLE"],
    ["PLAIN", "-----BEGIN RSA PRIVATE KEY-----\nMII"],
    ["PLAIN", '{"type":"service_account","private_key":"x"}'],
    ["PLAIN", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"],
  ])("is %s=%s", (name, value) => {
    expect(maybeSecret(name, value)).toBe(true);
  });

  it.each([
    ["RAILS_ENV", "production"],
    ["WEB_CONCURRENCY", "2"],
    ["URL", "https://api.example.com/v1?page=2"],
    ["BUCKET", "guest-book-uploads-eu-west-1-production"],
    ["MAIL_FROM", "team@example.com"],
    ["KEYBOARD", "qwertz"],
    ["PASSENGER_MAX", "6"],
  ])("is not %s=%s", (name, value) => {
    expect(maybeSecret(name, value)).toBe(false);
  });

  it("is in no file, whatever else stands in app.json", () => {
    const name = fc.stringMatching(/^[A-Z][A-Z_]{0,8}$/).map((start) => `${start}_TOKEN`);
    const value = fc.stringMatching(/^[a-z0-9 "'\\${}\n]{0,20}$/).map((end) => `hidden${end}`);
    fc.assert(
      fc.property(fc.dictionary(name, value, { minKeys: 1 }), (env) => {
        const { text } = fileOf({ name: "shop", env });
        expect(text).not.toContain("hidden");
        for (const one of Object.keys(env)) expect(text).toContain(`"${one}"`);
      }),
      { numRuns: 30 },
    );
  });
});

describe("a size", () => {
  it("of every dyno is one that Fargate has, and no smaller where there is such", () => {
    for (const name of dynoSizes) {
      const dyno = dynoSize(name);
      if (dyno === undefined) throw new Error(name);
      const { cpu, memory } = fargateSize(dyno);
      expect(fargateMemories(cpu), name).toContain(memory);
      expect(cpu).toBeGreaterThanOrEqual(dyno.cpu);
      if (dyno.memory <= 122880) expect(memory).toBeGreaterThanOrEqual(dyno.memory);
    }
    expect(Math.max(...fargateCpus)).toBe(16384);
  });

  it.each([
    ["hobby", { cpu: 256, memory: 512 }],
    ["Performance-M", { cpu: 2048, memory: 2560 }],
    ["shield-l-ram", { cpu: 4096, memory: 30720 }],
    ["dyno-2c-4gb", { cpu: 2048, memory: 4096 }],
    ["dyno-1c-0.5gb", { cpu: 1024, memory: 512 }],
    ["large", undefined],
  ])("%s is what Heroku says", (name, size) => {
    expect(dynoSize(name)).toEqual(size);
  });
});
