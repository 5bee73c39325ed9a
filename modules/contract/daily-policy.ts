import type { Contract, ServiceContract } from ".";
import { contractParameter } from ".";
import { arn, type Policy, type Statement, unique } from "./policy";
import type { Purpose } from "./purposes";

/**
 * The least that whoever runs a daily command needs: exactly the calls of `deploy/daily`. Resource types and condition
 * keys are those of the Service Authorization Reference.
 */
export function dailyPolicy(contract: Contract, purpose: Purpose): Policy {
  const readContract = allow(
    "ReadContract",
    ["ssm:GetParameter"],
    [
      parameter(contract, contractParameter(contract.environment)),
      ...(contract.move ? [parameter(contract, contract.move.parameter)] : []),
    ],
  );
  const own: Record<Purpose, () => Statement[]> = {
    logs: () => readLogs(contract),
    exec: () => enterTasks(contract),
    psql: () => askDatabase(contract),
    secret: () => writeSecrets(contract),
    open: () => [],
  };
  return { Version: "2012-10-17", Statement: [readContract, ...own[purpose]()] };
}

const allow = (
  Sid: string,
  Action: string[],
  Resource: string[],
  Condition?: Statement["Condition"],
): Statement => ({
  Sid,
  Effect: "Allow",
  Action,
  Resource,
  ...(Condition && { Condition }),
});

/** A name begins with "/" or has one in front of it in its ARN. */
const parameter = (contract: Contract, name: string) =>
  arn(contract, "ssm", `parameter${name.startsWith("/") ? "" : "/"}${name}`);

/** ListTasks has no resource of its own but container instances: the cluster is its bound. */
const listTasks = (contract: Contract) => [
  allow("ListTasks", ["ecs:ListTasks"], ["*"], {
    ArnEquals: { "ecs:cluster": arn(contract, "ecs", `cluster/${contract.cluster}`) },
  }),
  allow("SeeTasks", ["ecs:DescribeTasks"], [arn(contract, "ecs", `task/${contract.cluster}/*`)]),
];

function readLogs(contract: Contract): Statement[] {
  const ofService = ({ logs, migration }: ServiceContract) => [
    logs.group,
    ...(migration ? [migration.logs.group] : []),
  ];
  const groups = [...contract.services.flatMap(ofService), ...(contract.database?.logs ?? [])];
  const scheduled = contract.services.some(({ schedules = {} }) => Object.keys(schedules).length > 0);
  return [
    allow(
      "ReadLogs",
      ["logs:FilterLogEvents"],
      unique(groups).map((group) => arn(contract, "logs", `log-group:${group}:*`)),
    ),
    ...(scheduled ? listTasks(contract) : []),
  ];
}

function enterTasks(contract: Contract): Statement[] {
  const { cluster, services } = contract;
  return [
    allow(
      "SeeServices",
      ["ecs:DescribeServices"],
      services.map(({ service }) => arn(contract, "ecs", `service/${cluster}/${service}`)),
    ),
    ...listTasks(contract),
    allow(
      "EnterTasks",
      ["ecs:ExecuteCommand"],
      [arn(contract, "ecs", `cluster/${cluster}`), arn(contract, "ecs", `task/${cluster}/*`)],
    ),
  ];
}

/** Through Systems Manager alone; under AWS's own key nothing need be said. */
const useKey = (contract: Contract, Sid: string, action: string) =>
  contract.key
    ? [
        allow(Sid, [action], [contract.key], {
          StringEquals: { "kms:ViaService": `ssm.${contract.region}.amazonaws.com` },
        }),
      ]
    : [];

function askDatabase(contract: Contract): Statement[] {
  const { bastion, database } = contract;
  if (!database) return [];
  const url = database.also ? [parameter(contract, database.also.url)] : [];
  if (!bastion && url.length === 0) return [];
  return [
    // A rotation gives the password another name, which differs in its version alone.
    allow(
      "ReadPassword",
      ["ssm:GetParameter"],
      [
        ...[database, ...Object.values(database.logins?.services ?? {})].map(({ password }) =>
          parameter(contract, password.replace(/\/\d+\//, "/*/")),
        ),
        ...url,
      ],
    ),
    ...useKey(contract, "DecryptPassword", "kms:Decrypt"),
    ...(bastion ? openTunnel(contract, bastion.instance) : []),
  ];
}

function openTunnel(contract: Contract, instance: string): Statement[] {
  const document = arn(
    { ...contract, account: "" },
    "ssm",
    "document/AWS-StartPortForwardingSessionToRemoteHost",
  );
  return [
    allow("OpenTunnel", ["ssm:StartSession"], [arn(contract, "ec2", `instance/${instance}`), document]),
    // A session's name begins with whoever started it.
    allow("CloseOwnTunnel", ["ssm:TerminateSession"], [arn(contract, "ssm", "session/${aws:userid}-*")]),
  ];
}

function writeSecrets(contract: Contract): Statement[] {
  // A service's folder holds those that an apply is still to give it, too.
  const names = unique(
    contract.services.flatMap(({ secrets, otherSecrets, secretFolder }) => [
      ...(secretFolder === undefined ? [] : [`${secretFolder}*`]),
      ...Object.values({ ...otherSecrets, ...secrets }).filter(
        (one) => !secretFolder || !one.startsWith(secretFolder),
      ),
    ]),
  );
  return [
    // Names and versions of parameters, never values. Searching them has no narrower resource.
    allow("SeeSecretVersions", ["ssm:DescribeParameters"], [arn(contract, "ssm", "*")]),
    ...(names.length > 0
      ? [
          allow(
            "WriteSecrets",
            ["ssm:PutParameter", "ssm:AddTagsToResource", "ssm:DeleteParameter"],
            names.map((one) => parameter(contract, one)),
          ),
          ...useKey(contract, "EncryptSecrets", "kms:Encrypt"),
        ]
      : []),
  ];
}
