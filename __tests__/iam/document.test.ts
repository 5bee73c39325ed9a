import { expect, test } from "vitest";
import { contractOf } from "../deploy-sandbox/support/contract";
import { dailyPolicy } from "../../modules/contract/daily-policy";
import { policy } from "../../modules/contract/policy";
import { PURPOSES } from "../../modules/contract/purposes";
import { CALLS, dataSourceCalls } from "../../sandbox/iam/calls";
import { type Line, parseLine } from "../../sandbox/iam/line";
import { synthesizeAll, synthesizeBootstrap } from "../modules/support/synthesize";
import { context } from "./support/project";
import { everyValue } from "./support/rows";

/** By role: the actions that it asks for. */
type Columns = Readonly<Record<string, ReadonlySet<string>>>;

const actionsOf = (lines: readonly Line[] = []) => lines.map((line) => parseLine(line).action);

/** The resource types of environments with every option, and of their data sources. */
function types(): { resources: string[]; sources: string[] } {
  const elements = everyValue().flatMap((props) =>
    Object.values(synthesizeAll({ staging: props })).flatMap((graph) => graph.elements),
  );
  const of = (start: string) => [
    ...new Set(elements.filter(({ address }) => address.startsWith(start)).map(({ type }) => type)),
  ];
  const bare = elements.filter(({ address, type }) => address.startsWith(`${type}.`)).map(({ type }) => type);
  const sources = [...of("data."), ...of("ephemeral.")].map((type) =>
    type.replace(/^(data|ephemeral)\./, ""),
  );
  return { resources: [...new Set(bare)].filter((type) => type.startsWith("aws_")), sources };
}

function columns(): Columns {
  const { resources, sources } = types();
  const rows = resources.map((type) => {
    const row = CALLS[type];
    if (!row) throw new Error(`sandbox/iam knows no calls of ${type}: add them.`);
    return row;
  });
  const reading = [
    ...rows.flatMap(({ read }) => actionsOf(read)),
    ...sources.flatMap((type) => {
      const lines = dataSourceCalls[type];
      if (!lines) throw new Error(`sandbox/iam knows no calls of the data source ${type}: add them.`);
      return actionsOf(lines);
    }),
  ];
  const changing = rows.flatMap(({ create = [], finish = [], update = {}, tags, ...row }) => [
    ...actionsOf([...create, ...finish, ...Object.values(update).flat(), ...(row.delete ?? [])]),
    ...(tags?.slice(0, 2) ?? []),
  ]);
  const contract = contractOf({ exec: true, ownRepository: true });
  const printed = (statements: readonly { Action: string[] }[]) =>
    new Set(statements.flatMap(({ Action }) => Action));
  return {
    "plan and apply": new Set(reading),
    apply: new Set(changing.filter((action) => !reading.includes(action))),
    deploy: printed(policy(contract).Statement),
    ...Object.fromEntries(
      PURPOSES.map((purpose) => [purpose, printed(dailyPolicy(contract, purpose).Statement)] as const),
    ),
    push: new Set(pushed()),
  };
}

function pushed(): string[] {
  const graph = synthesizeBootstrap({ staging: everyValue()[0] ?? ({} as never) }, context);
  return JSON.parse(graph.one("aws_iam_policy", "ci_push_policy_1").policy).Statement.flatMap(
    ({ Action }: { Action: string[] }) => Action,
  );
}

/** What is said of an action: who asks for it. */
function table(): string {
  const all = Object.entries(columns());
  const actions = [...new Set(all.flatMap(([, set]) => [...set]))].sort();
  const groups = new Map<string, string[]>();
  for (const action of actions) {
    const [service = "", name = ""] = action.split(":");
    const who = all
      .filter(([, set]) => set.has(action))
      .map(([role]) => role)
      .join(", ");
    const key = `| ${service} | ${who} |`;
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups].map(([key, names]) => `${key} ${names.join(", ")} |`).join("\n");
}

test("docs/calls.md says who calls what of AWS, for environments with every option", async () => {
  const text = `# Who calls what of AWS

What IAM is asked for when environments are planned, applied, deployed and looked into, from the tables by which the
sandbox checks it (\`sandbox/iam/\`, [sandbox.md](sandbox.md)). *plan and apply* and *apply* are Terraform's calls, and those that AWS makes in its name, for
environments with every option; *deploy* and the daily commands have what \`npx slipway policy\` prints. On which
resources, the tables and the roles' policies say. A test writes it.

| service | role | actions |
|---|---|---|
${table()}
`;
  await expect(text).toMatchFileSnapshot("../../docs/calls.md");
});
