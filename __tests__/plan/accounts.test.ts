import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAccount } from "../../sandbox/aws/account";
import { folderOf, World } from "../../sandbox/world";
import { existing } from "../modules/support/least";
import { Project } from "../terraform/support/project";
import { makeVpc } from "../terraform/support/vpc";
import { COMMAND, type Outcome, run } from "./support/run";

const [HOME, OTHER] = ["123456789012", "210987654321"];
const file = (account: string) => `import { environment } from "../modules/environment";
export default environment({ account: "${account}", region: "us-west-2", registry: "app", network: ${JSON.stringify(existing)}, bastion: false, database: false, distribution: false });
`;

describe("two accounts, in the sandbox", () => {
  const project = new Project({ "staging.ts": file(HOME), "prod.ts": file(OTHER) });
  afterAll(() => project.remove());

  describe("signed in to each", () => {
    let applied: Outcome;
    beforeAll(async () => {
      for (const account of [HOME, OTHER])
        await makeVpc(new World(folderOf(join(project.folder, ".sandbox"), account), startAccount, account));
      const planned = await run(project.folder, ["plan", "--offline"]);
      expect(planned.code, planned.stderr).toBe(2);
      applied = await run(project.folder, ["apply", "--offline", "--auto-approve"]);
    });

    it("an environment is made in the account that its file names, and in no other", () => {
      expect(applied.code, applied.stdout + applied.stderr).toBe(0);
      const folder = join(project.folder, ".sandbox");
      for (const [account, name] of [
        [HOME, "staging"],
        [OTHER, "prod"],
      ] as const) {
        const clusters = new World(folderOf(folder, account), startAccount, account).list({
          type: "aws_ecs_cluster",
        });
        expect(clusters.map(({ attributes }) => attributes.arn)).toEqual([
          `arn:aws:ecs:us-west-2:${account}:cluster/${name}`,
        ]);
      }
    });

    it("a second plan is empty: each is read where it is", async () => {
      const again = await run(project.folder, ["plan", "--offline"]);
      expect(again.code, again.stdout).toBe(0);
    });
  });

  it("signed in to one alone, the other's plan is refused with its account, and says where to sign in", async () => {
    const { code, output } = await project.sandbox("--account", OTHER, process.execPath, ...COMMAND, "plan");
    expect(code, output).toBe(1);
    expect(output).toMatch(/prod: no changes/);
    expect(output).toMatch(/✗ AWS account ID not allowed: 210987654321/);
    expect(output).toMatch(
      /→ The credentials are of account 210987654321, and staging is in 123456789012\. Nothing was read\. .*AWS_PROFILE_123456789012=/,
    );
  });
});
