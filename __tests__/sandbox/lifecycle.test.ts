import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { configure, filesIn, inside, sandbox, temporaryFolder } from "./helpers";

vi.setConfig({ testTimeout: 120_000 });

const INIT = "terraform init -no-color >/dev/null";
const APPLY = "terraform apply -no-color -auto-approve";
const PLAN = "terraform plan -no-color";
const EMPTY = "No changes. Your infrastructure matches the configuration.";

const network = {
  resource: {
    aws_vpc: { main: { cidr_block: "10.0.0.0/16", tags: { Name: "main" } } },
    aws_subnet: {
      each: {
        for_each: '${toset(["a", "b"])}',
        vpc_id: "${aws_vpc.main.id}",
        availability_zone: "eu-west-1${each.key}",
        cidr_block: '${each.key == "a" ? "10.0.0.0/24" : "10.0.1.0/24"}',
      },
    },
    aws_security_group: {
      web: {
        name_prefix: "web-",
        vpc_id: "${aws_vpc.main.id}",
        ingress: [
          {
            cidr_blocks: ["10.0.0.0/16"],
            from_port: 80,
            to_port: 80,
            protocol: "tcp",
            description: null,
            ipv6_cidr_blocks: null,
            prefix_list_ids: null,
            security_groups: null,
            self: null,
          },
        ],
        lifecycle: { create_before_destroy: true },
      },
    },
    aws_iam_role: {
      task: {
        name: "task",
        assume_role_policy:
          '{ "Version": "2012-10-17", "Statement": [{"Effect":"Allow","Action":"sts:AssumeRole"}] }',
      },
    },
    aws_sqs_queue: { jobs: { name: "jobs" } },
    aws_launch_template: { host: { name: "host", image_id: "ami-0123456789abcdef0" } },
  },
  output: { vpc: { value: "${aws_vpc.main.arn}" }, group: { value: "${aws_security_group.web.name}" } },
};

test("a configuration is applied, needs no second change, and is destroyed", async () => {
  const folder = temporaryFolder();
  configure(folder, network);
  const made = await inside(
    folder,
    `${INIT} && ${APPLY} && ${PLAN} && terraform output -json && terraform state list`,
  );
  expect(made.text).toContain("Apply complete! Resources: 7 added, 0 changed, 0 destroyed.");
  expect(made.text).toContain(EMPTY);
  expect(made.stdout).toMatch(/arn:aws:ec2:eu-west-1:123456789012:vpc\/vpc-[0-9a-f]{17}/);
  expect(made.stdout).toMatch(/"web-\d{26}"/);
  expect(made.stdout).toContain("aws_sqs_queue.jobs");

  const shown = await sandbox(folder, ["--show", "--json"]);
  expect(
    JSON.parse(shown.stdout).filter((object: { origin: string }) => object.origin === "terraform"),
  ).toHaveLength(7);
  const gone = await inside(folder, "terraform destroy -no-color -auto-approve");
  expect(gone.text).toContain("Destroy complete! Resources: 7 destroyed.");
  expect((await sandbox(folder, ["--show"])).stdout).not.toContain("aws_vpc");
});

test("two empty worlds give the same ids", async () => {
  const ids = async () => {
    const folder = temporaryFolder();
    configure(folder, network);
    const { stdout } = await inside(folder, `${INIT} && ${APPLY} >/dev/null && terraform output -json`);
    return stdout;
  };
  const [one, other] = await Promise.all([ids(), ids()]);
  expect(one).toContain("vpc-");
  expect(other).toBe(one);
});

test("drift is found, refreshed and put right; what was deleted by hand is made again", async () => {
  const folder = temporaryFolder();
  configure(folder, network);
  await inside(folder, `${INIT} && ${APPLY}`);
  const drift = await sandbox(folder, [
    "--edit",
    "sqs_queue/jobs",
    "delay_seconds=30",
    "sh",
    "-c",
    `${PLAN} -refresh-only`,
  ]);
  expect(drift.text).toMatch(/delay_seconds\s+= (\d+ -> )?30/);
  const edited = await sandbox(folder, ["--edit", "vpc/main", 'tags={"Name":"hand"}', "sh", "-c", PLAN]);
  expect(edited.text).toMatch(/"Name" = "hand" -> "main"/);
  const deleted = await sandbox(folder, ["--delete", "iam_role/task", "sh", "-c", `${APPLY} && ${PLAN}`]);
  expect(deleted.text).toContain("aws_iam_role.task: Creation complete");
  expect(deleted.text).toContain(EMPTY);
});

test("changes are made in place where AWS can, and by replacement where it cannot", async () => {
  const folder = temporaryFolder();
  configure(folder, network);
  await inside(folder, `${INIT} && ${APPLY}`);
  const changed = structuredClone(network) as typeof network & { moved?: object[] };
  const { resource } = changed;
  resource.aws_launch_template.host.image_id = "ami-0123456789abcdef1";
  resource.aws_security_group.web.name_prefix = "site-";
  resource.aws_iam_role.task.assume_role_policy =
    '{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow"}],"Version":"2012-10-17"}';
  (resource as unknown as Record<string, Record<string, object>>).aws_sqs_queue = {
    renamed: resource.aws_sqs_queue.jobs,
  };
  changed.moved = [{ from: "aws_sqs_queue.jobs", to: "aws_sqs_queue.renamed" }];
  configure(folder, changed);
  const { text } = await inside(folder, `${APPLY} && ${PLAN}`);
  expect(text).toMatch(/latest_version\s+= 1 -> \(known after apply\)/);
  expect(text).toContain("# aws_security_group.web must be replaced");
  expect(text).toMatch(/name_prefix\s+= "web-" -> "site-" # forces replacement/);
  expect(text).toContain("has moved to aws_sqs_queue.renamed");
  expect(text).not.toContain("aws_iam_role.task will be");
  expect(text).toContain("Apply complete! Resources: 1 added, 1 changed, 1 destroyed.");
  expect(text).toContain(EMPTY);
});

test("what exists can be imported, and then needs no change", async () => {
  const folder = temporaryFolder();
  configure(folder, { resource: { aws_ecr_repository: { app: { name: "app" } } } });
  const { text } = await inside(
    folder,
    `${INIT} && terraform import -no-color aws_ecr_repository.app app && ${PLAN}`,
  );
  expect(text).toContain("Import successful!");
  expect(text).toMatch(/No changes|0 to add, 1 to change, 0 to destroy/);
  expect(text).not.toContain("must be replaced");
  const missing = await inside(
    folder,
    "terraform state rm aws_ecr_repository.app >/dev/null; terraform import -no-color aws_ecr_repository.app nope",
  );
  expect(missing.text).toContain("Cannot import non-existent remote object");
  expect(missing.code).not.toBe(0);
});

test("default tags reach tags_all, and each provider configuration has its own region", async () => {
  const folder = temporaryFolder();
  configure(folder, {
    provider: {
      aws: [
        { region: "eu-west-1", default_tags: [{ tags: { team: "core", Name: "default" } }] },
        { alias: "us", region: "us-east-1" },
      ],
    },
    resource: {
      aws_vpc: {
        own: { cidr_block: "10.0.0.0/16", tags: { Name: "own" } },
        other: { cidr_block: "10.0.0.0/16", provider: "aws.us" },
        third: { cidr_block: "10.0.0.0/16", region: "eu-north-1" },
      },
    },
    output: {
      all: {
        value: "${[aws_vpc.own.tags_all, aws_vpc.other.arn, aws_vpc.third.arn, aws_vpc.other.tags_all]}",
      },
    },
  });
  const { stdout } = await inside(folder, `${INIT} && ${APPLY} >/dev/null && terraform output -json`);
  const [own, other, third, bare] = JSON.parse(stdout).all.value;
  expect(own).toEqual({ team: "core", Name: "own" });
  expect(bare).toEqual({});
  expect(other).toContain(":us-east-1:");
  expect(third).toContain(":eu-north-1:");
});

const CHOSEN = "export TF_VAR_chosen=correct-horse-battery";

function secrets(version: number): Record<string, unknown> {
  const parameter = (name: string, value_wo: string) => ({
    name: `/app/${name}`,
    type: "SecureString",
    value_wo,
    value_wo_version: version,
  });
  return {
    variable: { chosen: { type: "string", ephemeral: true } },
    ephemeral: { aws_secretsmanager_random_password: { db: { password_length: 40 } } },
    resource: {
      aws_ssm_parameter: {
        generated: parameter(
          "generated",
          "${ephemeral.aws_secretsmanager_random_password.db.random_password}",
        ),
        chosen: parameter("chosen", "${var.chosen}"),
      },
    },
  };
}

test("no secret reaches plan, state, world or log; a new version writes the new one", async () => {
  const folder = temporaryFolder();
  const terraform = (script: string) => inside(folder, `${CHOSEN}; ${script}`);
  configure(folder, secrets(1));
  const made = await terraform(`${INIT} && ${APPLY} && ${PLAN} -out=saved && terraform show -json saved`);
  expect(made.text).toContain(EMPTY);
  expect(made.text).not.toContain("correct-horse-battery");
  const files = filesIn(folder);
  const holders = files.filter(({ text }) => text.includes("correct-horse-battery"));
  expect(holders.map(({ path }) => path)).toEqual([]);
  expect(files.find(({ path }) => path.endsWith(".tfstate"))?.text).toContain('"has_value_wo": true');

  const sealed = () => {
    const world = JSON.parse(readFileSync(join(folder, ".sandbox/world.json"), "utf8"));
    return world.objects["aws_ssm_parameter|eu-west-1|/app/generated"].sealed.value_wo;
  };
  const before = sealed();
  await terraform(APPLY);
  expect(sealed()).toBe(before);
  configure(folder, secrets(2));
  const bumped = await terraform(`${APPLY} && ${PLAN}`);
  expect(bumped.text).toContain("0 added, 2 changed");
  expect(bumped.text).toContain(EMPTY);
  expect(sealed()).not.toBe(before);
});

test("the real provider's checks come with the plan, AWS's with the apply, each with code and place", async () => {
  const folder = temporaryFolder();
  configure(folder, {
    resource: {
      aws_lb: {
        long: { name: "a-name-that-is-longer-than-thirty-two", subnets: ["subnet-00000000000000000"] },
      },
      aws_vpc: { small: { cidr_block: "10.0.0.1/16" } },
    },
  });
  const planned = await inside(folder, `${INIT} && ${PLAN}`);
  expect(planned.code).toBe(1);
  expect(planned.text).toContain("expected length to be in the range (1 - 32)");
  expect(planned.text).toContain("did you mean 10.0.0.0/16?");
  expect(planned.text).toMatch(/with aws_lb\.long,/);

  configure(folder, {
    resource: { aws_subnet: { lost: { vpc_id: "vpc-00000000000000000", cidr_block: "10.0.0.0/24" } } },
  });
  const applied = await inside(folder, APPLY);
  expect(applied.code).toBe(1);
  expect(applied.text).toContain("Error: creating aws_subnet: InvalidVpcID.NotFound");
  expect(applied.text).toContain("The vpc ID 'vpc-00000000000000000' does not exist");
});

test("two commands at once share one world", async () => {
  const folder = temporaryFolder();
  for (const name of ["one", "two"]) {
    const queues = Object.fromEntries(
      Array.from({ length: 12 }, (_, index) => [`q${index}`, { name: `${name}-${index}` }]),
    );
    configure(join(folder, name), { resource: { aws_sqs_queue: queues } });
  }
  const run = (name: string) =>
    inside(
      folder,
      `terraform -chdir=${name} init >/dev/null && terraform -chdir=${name} apply -auto-approve -no-color`,
    );
  const results = await Promise.all([run("one"), run("two")]);
  for (const { text } of results) expect(text).toContain("12 added");
  const { stdout } = await sandbox(folder, ["--show", "sqs_queue", "--json"]);
  expect(JSON.parse(stdout)).toHaveLength(24);
});
