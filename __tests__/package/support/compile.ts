import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Consumer } from "./consumer";

const ROOT = join(__dirname, "../../..");

/** A file of somebody's own that uses every entry of the package. */
const OWN = `
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { App } from "cdktf";
import { environment, type EnvironmentProps, type Preset, small, suppress } from "slipway";
import { synthesizeProject } from "slipway/app";
import { type Mistake, Registry, resolve, SlipwayStack } from "slipway/constructs";
import { checkAll, openFindings, renderText, reportOn, ruleTable } from "slipway/guardrails";
import { type Element, Graph, synthesizeStacks } from "slipway/testing";

const preset: Preset = { ...small, distribution: { waf: true } };
const props: EnvironmentProps = {
  preset,
  region: "us-west-2",
  registry: "app",
  services: { web: { port: 80, health: "/health", uses: { jobs: "queue" }, autoscaling: { min: 1, max: 2 } } },
};
export default environment(props, (made) => {
  const queue = new SqsQueue(made, "own", {});
  suppress(queue, "queue-encryption", "Holds nothing that matters.");
  made.services["web"]?.environment("QUEUE_URL", queue.url);
  made.database?.instance.addOverride("iops", 6000);
});

class Images extends SlipwayStack {
  readonly registry: Registry | undefined = undefined;
}
export const stack = new Images(new App(), "images", { project: "app", region: "us-west-2" });
export const mistakes: readonly Mistake[] = resolve(props, "staging").mistakes;
export const found: string = renderText(reportOn(["cdktf.out"]));
export const loadBalancers: readonly Element[] = new Graph({}).all("aws_lb");
export const others = [synthesizeProject, checkAll, openFindings, ruleTable, synthesizeStacks];
`;

const tsconfig = (module: string, moduleResolution: string) =>
  JSON.stringify({
    compilerOptions: {
      target: "es2023",
      module,
      moduleResolution,
      types: ["node"],
      strict: true,
      exactOptionalPropertyTypes: true,
      noPropertyAccessFromIndexSignature: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      noEmit: true,
    },
    include: ["own.ts", "extend.ts", "main.ts", "environments"],
  });

/** Compiles a consumer's project, as strictly as can be: what a compiler of that name among the packages here says of it. */
export function compile(consumer: Consumer, compiler: string, module: string, resolution: string) {
  consumer.write("own.ts", OWN);
  consumer.write("extend.ts", readFileSync(join(__dirname, "extend.ts"), "utf8"));
  consumer.write("tsconfig.json", tsconfig(module, resolution));
  const tsc = join(ROOT, "node_modules", compiler, "bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc], { cwd: consumer.folder, encoding: "utf8" });
  return { status, stdout };
}
