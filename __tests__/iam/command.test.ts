import { expect, test } from "vitest";
import { configure, inside, sandbox, temporaryFolder } from "../sandbox/helpers";

test("a role that does not exist is a mistake in the options, which names those that do", async () => {
  const folder = temporaryFolder();
  const none = await sandbox(folder, ["--as", "app-plan", "true"]);
  expect(none.stderr).toContain(
    "--as: the account has no role app-plan; there is none yet: apply bootstrap first",
  );
  const other = await sandbox(folder, ["--with", "iam_role:reader", "--as", "writer", "true"]);
  expect(other.stderr).toContain("--as: the account has no role writer; there are reader");
  expect([none.code, other.code]).toEqual([64, 64]);
});

test("Terraform and AWS's endpoints refuse what the role's policies do not allow, in AWS's words", async () => {
  const folder = temporaryFolder();
  configure(folder, {
    provider: { aws: { region: "eu-west-1" } },
    resource: { aws_ssm_parameter: { greeting: { name: "/greeting", type: "String", value: "hello" } } },
  });
  const sdk = `node -e '
    const { SSMClient, GetParameterCommand } = require("${require.resolve("@aws-sdk/client-ssm")}");
    new SSMClient({}).send(new GetParameterCommand({ Name: "/greeting" })).catch((error) => console.log(error.name, error.message))
  '`;
  const { stdout, text } = await inside(
    folder,
    `export AWS_REGION=eu-west-1; terraform init -input=false >/dev/null && terraform apply -input=false -auto-approve -no-color 2>&1; ${sdk}`,
    ["--with", "iam_role:reader", "--as", "reader"],
  );
  const said = (action: string) =>
    `User: arn:aws:sts::123456789012:assumed-role/reader/sandbox is not authorized to perform: ${action} on resource: arn:aws:ssm:eu-west-1:123456789012:parameter/greeting because no identity-based policy allows the ${action} action`;
  const flat = stdout.replaceAll(/\s*[│╵╷]?\s+/g, " ");
  expect(flat, text).toContain("creating aws_ssm_parameter: AccessDeniedException");
  expect(flat).toContain(said("ssm:PutParameter"));
  expect(flat).toContain(`AccessDeniedException ${said("ssm:GetParameter")}`);
});
