import { afterAll, describe, expect, it } from "vitest";
import type { Summary } from "../../plan/summary";
import { Adopted, addresses, counts } from "./support/adopted";
import { code, command, inline } from "./support/guide";

interface File {
  /** Options of services, by name. */
  readonly services: Readonly<Record<string, string>>;
  readonly options?: string;
  /** The second argument of `environment`. */
  readonly extend?: string;
}

const environment = ({ services, options = "", extend }: File) => `
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { environment, small } from "../modules/environment";
export default environment({
  preset: small,
  region: "us-west-2",
  registry: "app",
  bastion: false,
  network: { zones: 2 },
  services: {
    ${Object.entries(services)
      .map(
        ([name, own]) =>
          `${name}: { port: 8080, secrets: ["STRIPE_KEY"], database: ["POSTGRES_URL"], ${own} },`,
      )
      .join("\n    ")}
  },
  ${options}
}${extend ? `, ${extend}` : ""});
`;

/** Types of which a service has its own, whose names no apply can change. */
const NAMED = [
  "aws_cloudwatch_log_group",
  "aws_ecs_service",
  "aws_ecs_task_definition",
  "aws_iam_role",
  "aws_lb_target_group",
];

/** One environment through imports, moves and new names, as docs/adopting.md has them: each test goes on from the one before. */
describe.sequential("an environment", () => {
  const project = new Adopted({ "staging.ts": environment({ services: { web: "" } }) });
  afterAll(() => project.remove());

  const LOGS = "/staging/service/web";
  const web = { web: "" };
  const jobs = `new SqsQueue(staging, "jobs", { name: "staging-jobs" });`;
  const imports = code("ts", "importFrom").replace("(staging) => {", `(staging) => { ${jobs}`);
  const write = (file: File) => project.write("staging.ts", environment(file));
  const planned = async () => {
    const { staging } = await project.plan();
    if (staging === undefined) throw new Error("staging was not planned.");
    return staging;
  };
  const kept = {
    extend: `(staging) => { new SqsQueue(staging, "work", { name: "staging-jobs" }); }`,
  };
  const lost = ({ resources }: Summary) =>
    resources.filter(({ loses }) => loses !== undefined).map(({ address }) => address);
  /** All that there is, and how it is. */
  const everything = () => JSON.stringify(project.objects);
  const database = () => project.object("aws_db_instance", "staging");

  it("does not take what is not there", async () => {
    const byHand = { retention_in_days: 7 };
    await project.begin(["aws_ecr_repository", "app"], ["aws_cloudwatch_log_group", LOGS, byHand]);
    write({ services: web, extend: imports.replace(LOGS, "/staging/service/wbe") });
    const { code, stdout } = await project.npm("plan");
    expect(code).toBe(1);
    expect(stdout).toContain(
      "Cannot import non-existent remote object: aws_cloudwatch_log_group /staging/service/wbe",
    );
    expect(stdout).not.toContain("npx slipway apply");
  });

  it("takes what a block names, beside all that is new", async () => {
    write({ services: { web: "logDays: 7" }, extend: imports });
    const plan = await planned();
    expect(plan.counts).toEqual(counts({ create: expect.any(Number), import: 1, update: 1 }));
    const address = "aws_cloudwatch_log_group.service_web_logs";
    expect(addresses(plan, "create")).not.toContain(address);
    const [imported] = plan.resources.filter((one) => one.imported === LOGS);
    // With the option set as the thing is, only tags are left.
    const differing = new Set(imported?.attributes.map(({ path }) => path.split(/[.[]/)[0]));
    expect([...differing].sort()).toEqual(["tags_all"]);
    expect(imported).toMatchObject({ address, kind: "update" });
    await project.apply();
    const { origin, attributes } = project.object("aws_cloudwatch_log_group", LOGS);
    expect([origin, attributes.retention_in_days]).toEqual(["person", 7]);
  });

  it("moves what a block says was called otherwise, and touches nothing", async () => {
    const before = everything();
    write({ services: { web: "logDays: 7" }, extend: code("ts", "moveFromId") });
    const plan = await planned();
    expect(plan.counts).toEqual(counts({ move: 1 }));
    expect(plan.resources[0]).toMatchObject({
      address: "aws_sqs_queue.work",
      movedFrom: "aws_sqs_queue.jobs",
    });
    await project.apply();
    expect(everything()).toBe(before);
  });

  it("moves by command, and takes a database back in, with the password that is stored", async () => {
    const before = database();
    const move = command("state mv");
    await project.done(
      [
        // Back to the id before, and forward again in the guide's own words.
        move.replace(/(\S+) (\S+)$/, "$2 $1"),
        move,
        "terraform -chdir=cdktf.out/stacks/staging state rm aws_db_instance.database_instance",
        command("import aws_db_instance"),
      ].join(" && "),
    );
    write({ services: { web: "logDays: 7" }, extend: kept.extend });
    const plan = await planned();
    expect(plan.counts).toEqual(counts({ update: 1 }));
    expect(lost(plan)).toEqual([]);
    await project.apply();
    const after = database();
    expect([after.id, after.attributes.resource_id]).toEqual([before.id, before.attributes.resource_id]);
    const password = project.reveal(after, "password_wo");
    expect(password).toBe(project.reveal(before, "password_wo"));
    expect(password).toHaveLength(32);
    const stored = project.object("aws_ssm_parameter", "/staging/database/1/password");
    expect(project.reveal(stored, "value_wo")).toBe(password);
  });

  it("cannot give a service another name in place, whatever moves in the state", async () => {
    const moves = `(staging) => {
      new SqsQueue(staging, "work", { name: "staging-jobs" });
      for (const one of staging.services.api.node.findAll())
        one.moveFromId?.(one.terraformResourceType + "." + one.friendlyUniqueId.replace("api", "web"));
    }`;
    write({ services: { api: "logDays: 7" }, extend: moves });
    const plan = await planned();
    expect([plan.counts.create, plan.counts.destroy, plan.counts.move]).toEqual([0, 0, 8]);
    const replaced = new Set(addresses(plan, "replace").map((address) => address.split(".")[0]));
    expect([...replaced]).toEqual(expect.arrayContaining(NAMED));
    expect(lost(plan)).toEqual(["aws_cloudwatch_log_group.service_api_logs"]);
  });

  it("gives it another name beside the old one: each step leaves one of them serving", async () => {
    const before = { web: "logDays: 7" };
    const beforehand = inline('"/next/*"');
    const over = inline('"/?*"');
    write({ services: { ...before, api: beforehand }, ...kept });
    const beside = await planned();
    expect([beside.counts.replace, beside.counts.destroy]).toEqual([0, 0]);
    expect(addresses(beside, "update")).toEqual(["aws_ssm_parameter.contract"]);
    await project.apply();

    write({ services: { ...before, api: over }, ...kept });
    const taking = await planned();
    expect(taking.counts).toEqual(counts({ update: 1 }));
    expect(addresses(taking, "update")).toEqual(["aws_lb_listener_rule.service_api_rule"]);
    // The listener asks the rule of the lower number first.
    const { before: ofApi, after } =
      taking.resources[0]?.attributes.find(({ path }) => path === "priority") ?? {};
    const [ofWeb, ...more] = project.objects
      .filter(({ type, attributes }) => type === "aws_lb_listener_rule" && attributes.priority !== ofApi)
      .map(({ attributes }) => Number(attributes.priority));
    expect(more).toEqual([]);
    expect(after).toBeLessThan(ofWeb ?? 0);

    write({ services: { api: over }, ...kept });
    const alone = await planned();
    expect([alone.counts.create, alone.counts.replace]).toEqual([0, 0]);
    const destroyed = addresses(alone, "destroy");
    expect(destroyed.filter((address) => !/\.service_web(_|$)/.test(address))).toEqual([]);
    expect(destroyed).toHaveLength(8);
    // What the guide allows to be destroyed, or apply would refuse, or find nothing of that name.
    const allowed = [...command("--allow-destroy").matchAll(/--allow-destroy (\S+)/g)].map(
      ([, address]) => address,
    );
    expect(lost(alone)).toEqual(allowed);
  });
});
