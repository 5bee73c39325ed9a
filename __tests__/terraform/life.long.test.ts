import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { made, Project, worldOf } from "./support/project";

/** The parameter of the connection URL: named after the URL's parameters, here the default ones. */
const URL = "url-0c864f19";

/**
 * The life of both shipped environments, through cdktf and the real Terraform: each test goes on from the one before. Once both
 * are applied as people do, the app and the stand-ins are in this process.
 */
describe.sequential("staging and prod", () => {
  const project = new Project(undefined, undefined, true);
  afterAll(() => project.remove());
  const world = () => worldOf(project);

  it("are applied together", async () => {
    const { code, output } = await project.cdktf("apply", "staging", "prod", "--auto-approve");
    expect(code, output).toBe(0);
    expect(output.match(/Apply complete!/g)).toHaveLength(2);
    project.serve();
  });

  it.each(["staging", "prod"])("plan no change of %s after that", async (name) => {
    const { code, output } = await project.terraform(name, "plan -out=plan");
    expect(code, output).toBe(0);
    expect(output).toContain("No changes.");
  });

  it("write the contract twice, alike", async () => {
    const { output } = await project.sandbox(
      "terraform",
      "-chdir=cdktf.out/stacks/prod",
      "output",
      "-raw",
      "deploy",
    );
    const parameter = world().find({ type: "aws_ssm_parameter", where: { name: "/prod/deploy" } });
    const text = output.slice(output.indexOf("{"), output.lastIndexOf("}") + 1);
    expect(JSON.parse(text)).toMatchObject({ version: 1, environment: "prod", account: "123456789012" });
    expect(parameter && world().reveal(parameter, "value")).toBe(text);
  });

  it("print their outputs", async () => {
    const { code, output } = await project.cdktf("output", "staging");
    expect(code, output).toBe(0);
    expect(output).toMatch(/url = https:\/\/\w+\.cloudfront\.net/);
    expect(output).toContain("npx slipway psql staging");
  });

  it("leave no secret in a state, a plan, the synthesized files or a log", () => {
    const secrets = ["staging", "prod"].flatMap((name) =>
      ["password", URL].map((secret) => {
        const parameter = world().find({
          type: "aws_ssm_parameter",
          where: { name: `/${name}/database/1/${secret}` },
        });
        return (parameter && world().reveal(parameter, "value_wo")) ?? "";
      }),
    );
    expect(secrets.every((secret) => secret.length >= 32)).toBe(true);
    const [password = "", url = ""] = secrets;
    expect(url).toContain(`postgres://app:${password}@`);
    const places = [
      ...files(project.folder).map((file) => [file, readFileSync(file, "latin1")]),
      ["the log", project.log],
    ];
    // The plan files are archives: what is in them is asked of Terraform below.
    expect(places.length).toBeGreaterThan(10);
    for (const [place, text] of places) {
      for (const secret of secrets) expect(text?.includes(secret), `${place} holds a password`).toBe(false);
      expect(text, `${place} holds a private key`).not.toMatch(/BEGIN [A-Z ]*PRIVATE KEY/);
      expect(text, `${place} holds a URL with a password`).not.toMatch(/postgres:\/\/\w+:[^@$"\\]{8,}@/);
    }
  });

  it("hold no secret in a plan that Terraform can show", async () => {
    const { output } = await project.sandbox(
      "terraform",
      "-chdir=cdktf.out/stacks/staging",
      "show",
      "-json",
      "plan",
    );
    const plan = JSON.parse(output.slice(output.indexOf("{"), output.lastIndexOf("}") + 1));
    expect(plan.format_version).toBeDefined();
    expect(JSON.stringify(plan)).not.toMatch(/postgres:\/\/\w+:[^@$"\\]{8,}@/);
    const [instance] = plan.prior_state.values.root_module.resources.filter(
      (r: { type: string }) => r.type === "aws_db_instance",
    );
    expect(instance.values.password_wo).toBeNull();
    expect(instance.values.password ?? null).toBeNull();
  });

  it("keep what people wrote into secrets by hand", async () => {
    const name = "/staging/service/web/GOOGLE_CLIENT_ID";
    await project.sandbox(
      process.execPath,
      "-e",
      "require(process.argv[1])(process.argv[2])",
      join(__dirname, "../../demo/write-secrets.cjs"),
      name,
    );
    const { output } = await project.terraform("staging", "plan");
    expect(output).toContain("No changes.");
    expect(project.log).not.toContain("demo-");
    expect(world().find({ type: "aws_ssm_parameter", where: { name } })?.attributes.version).toBe(1);
  });

  it("show drift", async () => {
    const edited = await project.sandbox(
      "--edit",
      "cloudwatch_log_group//staging/service/web",
      "retention_in_days=1",
    );
    expect(edited.code, edited.output).toBe(0);
    const { output } = await project.terraform("staging", "plan");
    expect(output).toMatch(/aws_cloudwatch_log_group\.service_web_logs\s.*will be updated in-place/);
    expect(output).toContain("Plan: 0 to add, 1 to change, 0 to destroy");
  });

  it("know the password of a database that had to be made again", async () => {
    const secret = (type: string, where: Record<string, string>, attribute: string) => {
      const found = world().find({ type, where });
      return (found && world().reveal(found, attribute)) ?? "";
    };
    const known = () => secret("aws_ssm_parameter", { name: "/staging/database/1/password" }, "value_wo");
    const before = known();
    const { code, output } = await project.sandbox(
      "--delete",
      "db_instance/staging",
      "terraform",
      "-chdir=cdktf.out/stacks/staging",
      "apply",
      "-auto-approve",
    );
    expect(code, output).toBe(0);
    expect(known()).toBe(before);
    expect(secret("aws_db_instance", { identifier: "staging" }, "password_wo")).toBe(known());
    expect(secret("aws_ssm_parameter", { name: `/staging/database/1/${URL}` }, "value_wo")).toContain(
      known(),
    );
    expect(output).toMatch(/aws_ecs_task_definition\.service_web.* must be replaced/);
  });

  it("are protected where they should be: a destroy of prod is refused before anything is gone", async () => {
    const { code, output } = await project.sandbox(
      "terraform",
      "-chdir=cdktf.out/stacks/prod",
      "plan",
      "-destroy",
    );
    expect(code).not.toBe(0);
    expect(output).toContain("Instance cannot be destroyed");
    expect(output).toMatch(/aws_db_instance\.database_instance has\s+lifecycle\.prevent_destroy/);
  });

  it("are destroyed to the last object, prod once its protection is lifted", async () => {
    const source = readFileSync(join(project.folder, "environments/prod.ts"), "utf8");
    const lifted = `  data: "disposable",\n  distribution: { deletionProtection: false },\n`;
    project.write("prod.ts", source.replace("  services: {", `${lifted}  services: {`));
    const applied = await project.terraform("prod", "apply -auto-approve");
    expect(applied.code, applied.output).toBe(0);
    const { code, output } = await project.cdktf("destroy", "staging", "prod", "--auto-approve");
    expect(code, output).toBe(0);
    expect(made(project)).toEqual([]);
  });
});

/** Every file below a folder that a run wrote; the sandbox's own key and what is linked in are not such. */
function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink() || entry.name === "key") return [];
    if (entry.isDirectory()) return files(path);
    return statSync(path).isFile() ? [path] : [];
  });
}
