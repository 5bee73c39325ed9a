import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { exports, scripts } from "../package.json";
import { synthesize } from "./modules/support/synthesize";
import { shipped, sourceOf } from "./support/shipped";

const ROOT = join(__dirname, "..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const texts = [
  "README.md",
  "sandbox/README.md",
  ...readdirSync(join(ROOT, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
];
/** Every page that people read, wherever it lies. */
const pages = [
  ...texts,
  ...["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", ".changeset/README.md", "examples/service/README.md"],
  "create/template/README.md",
];

/** Pages about this repository itself, and what is said to its readers on the way to npm. */
const OURS = [
  "README.md",
  "docs/architecture.md",
  "docs/cdktf.md",
  "docs/conformance.md",
  "docs/package.md",
  "docs/reference.md",
];

/** A page without its examples, whose brackets are no links and whose # are no headings. */
const withoutCode = (text: string) =>
  text.replaceAll(/^```[\s\S]*?^```/gm, "").replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]]/g, ""));

/** Where each link of a page leads. */
const linksOf = (file: string) =>
  [...withoutCode(read(file)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);

/** The headings of a page, as GitHub names them in links. */
function anchorsOf(file: string): string[] {
  const seen = new Map<string, number>();
  return [...withoutCode(read(file)).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = ""]) => {
    const name = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    return before === 0 ? name : `${name}-${before}`;
  });
}

/** What the hand-written set-up that Slipway replaces is made of. */
const reference = `
  aws_vpc aws_subnet aws_route_table aws_route_table_association aws_route aws_internet_gateway aws_nat_gateway aws_eip
  aws_default_network_acl aws_default_route_table aws_default_security_group aws_db_subnet_group
  aws_elasticache_subnet_group aws_security_group aws_security_group_rule aws_vpc_security_group_ingress_rule
  aws_vpc_security_group_egress_rule aws_instance aws_key_pair tls_private_key aws_ssm_parameter aws_db_instance
  random_string aws_ecs_cluster aws_launch_template aws_autoscaling_group aws_autoscaling_policy
  aws_ecs_capacity_provider aws_ecs_cluster_capacity_providers aws_iam_instance_profile aws_lb aws_lb_listener
  aws_cloudfront_vpc_origin aws_cloudfront_distribution aws_ecs_task_definition aws_ecs_service aws_lb_target_group
  aws_lb_listener_rule aws_cloudwatch_log_group aws_iam_role aws_iam_policy aws_iam_role_policy_attachment
`
  .trim()
  .split(/\s+/);

describe("the documentation", () => {
  it("shows the staging environment as it is", () => {
    expect(read("README.md")).toContain(sourceOf("staging"));
  });

  it.each(texts)("%s names only scripts that exist", (file) => {
    const named = [
      ...read(file).matchAll(
        /npm (?:run )?(?:-s )?(demo|test|[a-z]+:[a-z]+|(?<=run |-s )[a-z][a-z-]*(?::[a-z]+)?)/g,
      ),
    ];
    for (const [, script = ""] of named) expect(Object.keys(scripts)).toContain(script);
  });

  it.each(texts.filter((file) => !OURS.includes(file)))("%s types what works in a team's project", (file) => {
    const said = read(file)
      .split("\n")
      .filter((line) => /npm run (?:-s )?[a-z]|^\s*npm ci\b|npx vitest|node --require tsx/.test(line))
      .filter((line) => !/\b(clone|copy of Slipway)\b/.test(line));
    expect(said).toEqual([]);
  });

  it.each(pages)(
    "%s has nothing stand behind a plan: it ends with 2 where there is something to do",
    (file) => {
      expect(read(file).match(/slipway plan\b[^\n|]*&&.*/g)).toBe(null);
    },
  );

  it.each(texts)("%s names only files that exist", (file) => {
    const named = [
      ...read(file).matchAll(/`((?:modules|environments|deploy|sandbox|docs|__tests__)\/[\w./-]+)`/g),
    ];
    for (const [, path = ""] of named) expect(existsSync(join(ROOT, path)), path).toBe(true);
  });

  it.each(pages)("%s links to pages and headings that are there", (file) => {
    const broken = linksOf(file).filter((link) => {
      if (/^(https?|mailto):/.test(link)) return false;
      const [path = "", anchor] = link.split("#");
      const page = path === "" ? file : join(dirname(file), path);
      if (!existsSync(join(ROOT, page))) return true;
      return anchor !== undefined && !anchorsOf(page).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it("finds links at all, and sees a broken one", () => {
    expect(pages.flatMap(linksOf).length).toBeGreaterThan(100);
    expect(anchorsOf("README.md")).toContain("an-environment");
    expect(anchorsOf("README.md")).not.toContain("no-such-heading");
  });

  it("lists every decision, each with its four parts", () => {
    const decisions = readdirSync(join(ROOT, "docs/adr"))
      .filter((file) => /^\d{4}-/.test(file))
      .sort();
    const list = read("docs/adr/README.md");
    decisions.forEach((file, index) => {
      const text = read(`docs/adr/${file}`);
      const [, number, title] = /^# (\d+)\. (.+)$/m.exec(text) ?? [];
      expect([number, file.slice(0, 4)], file).toEqual([
        String(index + 1),
        String(index + 1).padStart(4, "0"),
      ]);
      expect(list).toContain(`| ${number} | [${title}](${file}) |`);
      expect(text, file).toMatch(
        /\n\d{4}-\d\d-\d\d\n\n\*\*Context\.\*\* .+\n\n\*\*Decision\.\*\* .+\n\n\*\*Consequences\.\*\* .+\n$/,
      );
    });
    expect(decisions.length).toBeGreaterThan(15);
  });

  it.each(texts)("%s imports what the package has, as everybody's project does", (file) => {
    const { "./package.json": _, ...entries } = exports;
    const known = Object.keys(entries).map((entry) => entry.replace(".", "slipway"));
    const own = [...read(file).matchAll(/^import .* from "(\.\.?\/[^"]*|slipway[^"]*)";$/gm)].map(
      ([, from]) => from,
    );
    expect(own.filter((from) => !known.includes(from ?? ""))).toEqual([]);
  });

  it("says of every type of the reference what replaces it, where nothing of that type is made", () => {
    const replaced = [...read("docs/reference.md").matchAll(/^\| `(\w+)` \|/gm)].map(([, type]) => type);
    const made = new Set(synthesize(shipped.staging).elements.map(({ type }) => type));
    expect(reference.filter((type) => !made.has(type)).sort()).toEqual(replaced.sort());
  });
});
