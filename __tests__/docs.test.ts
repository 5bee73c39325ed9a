import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exports, scripts } from "../package.json";
import { synthesize } from "./modules/support/synthesize";
import { shipped, sourceOf } from "./support/shipped";

const ROOT = join(__dirname, "..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const texts = [
  "README.md",
  "sandbox/README.md",
  ...readdirSync(join(ROOT, "docs")).map((file) => `docs/${file}`),
];

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

  it.each(texts)("%s names only files that exist", (file) => {
    const named = [
      ...read(file).matchAll(/`((?:modules|environments|deploy|sandbox|docs|__tests__)\/[\w./-]+)`/g),
    ];
    for (const [, path = ""] of named) expect(existsSync(join(ROOT, path)), path).toBe(true);
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
