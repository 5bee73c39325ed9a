import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { EcsTaskDefinition } from "@cdktf/provider-aws/lib/ecs-task-definition";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Fn, TerraformLocal, Token } from "cdktf";
import { Construct } from "constructs";
import type { LoginsContract } from "../contract";
import type { DatabaseConfiguration } from "./props";
import type { ServiceConfiguration } from "../service/props";
import type { Key } from "../key/key";
import { literal } from "../literal";
import { nameOf } from "../names";
import type { Network } from "../network/network";
import { assumedBy, forAccount, policy, type Statement } from "../policy";
import { allowEgressTo, groupLifecycle } from "../security-group";
import { containerDefinitions } from "../service/container";
import { ITSELF } from "../stack";
import type { Connection } from "./connection";
import type { Database } from "./database";
import { Login } from "./login";
import { loginsSql, type Member, type Schema, WANTED } from "./logins-sql";

const CONTAINER = "logins";

/** What the parameter says that tells which logins were made, before any was. */
const NONE_MADE = "none";

export interface LoginsProps {
  readonly account: string;
  readonly name: string;
  readonly region: string;
  readonly network: Network;
  readonly key: Key | undefined;
  readonly configuration: DatabaseConfiguration;
  readonly database: Database;
  /** Services that have a login. */
  readonly services: readonly ServiceConfiguration[];
}

/** What a service uses once its login is made in the database, and until then. */
export interface ServiceLogin {
  readonly now: Login;
  /** The version before, or the master user. */
  readonly before: Connection;
  /** One of two values, by whether the login was made. */
  choose(now: string, before: string): string;
}

/**
 * A user of the database for each service, and the task that makes them. Terraform does not reach the database: it makes the
 * passwords and the task, deploy runs that and writes down what was made, and services use what is written there.
 */
export class Logins extends Construct {
  /** By the service's name. */
  readonly services: ReadonlyMap<string, ServiceLogin>;
  /** What deploy has made: users and writings of their passwords, no secret. */
  readonly made: SsmParameter;
  readonly logGroup: CloudwatchLogGroup;
  readonly execution: IamRole;
  readonly securityGroup: SecurityGroup;
  readonly taskDefinition: EcsTaskDefinition;
  private readonly versions: ReadonlyMap<string, { readonly now: Login; readonly before?: Login }>;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: LoginsProps,
  ) {
    super(scope, id);
    this.made = this.createMade();
    this.versions = this.createVersions();
    this.services = this.createServiceLogins();
    this.logGroup = this.createLogGroup();
    this.execution = this.createRole();
    this.securityGroup = this.createSecurityGroup();
    this.taskDefinition = this.createTaskDefinition();
  }

  /** What deploy needs to make them. */
  get contract(): LoginsContract {
    const { network } = this.props;
    return {
      taskDefinition: this.taskDefinition.arn,
      container: CONTAINER,
      network: {
        subnets: network.subnets.private.map(({ id }) => id),
        securityGroups: [this.securityGroup.id],
      },
      logs: { group: this.logGroup.name, prefix: CONTAINER },
      made: this.made.name,
      services: Object.fromEntries(
        this.props.services.map((service) => {
          const { now, before } = this.versionsOf(service);
          const hasSchedules = Object.keys(service.schedules).length > 0;
          return [
            service.name,
            {
              login: now.token,
              before: before?.token ?? null,
              ...(before && hasSchedules && { scheduled: this.chooserOf(now)(now.token, before.token) }),
              user: now.user,
              password: now.password.name,
            },
          ];
        }),
      ),
    };
  }

  private createMade() {
    return new SsmParameter(this, "made", {
      name: `/${this.props.name}/database/logins`,
      description: "Logins that deploy has made, written by deploy",
      type: "String",
      tier: "Intelligent-Tiering",
      insecureValue: NONE_MADE,
      lifecycle: { ignoreChanges: ["insecure_value"] },
    });
  }

  private createVersions() {
    const { name, key, database, configuration } = this.props;
    const version = configuration.passwordVersion;
    const create = (service: string, of: number, kept: boolean) =>
      new Login(this, `${service}_${of}`, { name, service, version: of, kept, key, database });
    return new Map(
      this.props.services.map((service) => [
        service.name,
        {
          now: create(service.name, version, false),
          ...(version > 1 && { before: create(service.name, version - 1, true) }),
        },
      ]),
    );
  }

  private createServiceLogins() {
    const { database, services } = this.props;
    return new Map(
      services.map((service) => {
        const { now, before: kept } = this.versionsOf(service);
        const master = database.within(schemaOf(service));
        const before = kept ? this.eitherOf(service.name, kept, master) : master;
        return [service.name, { now, before, choose: this.chooserOf(now) }];
      }),
    );
  }

  /** One of two values, by whether a login was made. */
  private chooserOf({ token }: Login) {
    const isMade = Fn.contains(Fn.split(",", this.made.insecureValue), token);
    return (made: string, otherwise: string) => Token.asString(Fn.conditional(isMade, made, otherwise));
  }

  /** The version before, where the database has it: one that is new to logins, or made anew, has the master user then. */
  private eitherOf(service: string, login: Login, master: Connection): Connection {
    const choose = this.chooserOf(login);
    // Locals: what is chosen stands within JSON, where an expression could not be quoted.
    const local = (name: string, made = "", otherwise = "") =>
      new TerraformLocal(this, `${service}_before_${name}`, choose(made, otherwise)).asString;
    const [one, other] = [login, master].map((connection) => connection.secretArns(["url"]));
    const password = local("password", one?.PGPASSWORD, other?.PGPASSWORD);
    const url = local("url", one?.url, other?.url);
    return {
      variables: { ...master.variables, PGUSER: local("user", login.user, master.variables.PGUSER) },
      secretArns: (urls) => ({
        PGPASSWORD: password,
        ...Object.fromEntries(urls.map((variable) => [variable, url])),
      }),
      parameterArns: (url) => [...login.parameterArns(url), ...master.parameterArns(url)],
      handWritten: () => ({}),
    };
  }

  private versionsOf({ name }: ServiceConfiguration) {
    const versions = this.versions.get(name);
    if (versions === undefined) throw new Error(`No login for ${name}.`);
    return versions;
  }

  private createLogGroup() {
    return new CloudwatchLogGroup(this, "logs", {
      name: `/${this.props.name}/database/logins`,
      retentionInDays: 30,
      kmsKeyId: this.props.key?.arn,
    });
  }

  private createRole() {
    const { name, account } = this.props;
    const role = new IamRole(this, "execution", {
      name: nameOf("aws_iam_role", name, "logins"),
      assumeRolePolicy: assumedBy("ecs-tasks.amazonaws.com", forAccount(account)),
    });
    new IamRolePolicy(this, "execution_policy", {
      name: "execution",
      role: role.name,
      policy: policy(this.statements()),
    });
    return role;
  }

  private statements(): Statement[] {
    const { key } = this.props;
    const passwords = [this.props.database.password, ...this.logins.map(({ password }) => password)];
    return [
      ...this.pullStatements(),
      {
        sid: "WriteLogs",
        actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
        resources: [`${this.logGroup.arn}:log-stream:*`],
      },
      { sid: "ReadSecrets", actions: ["ssm:GetParameters"], resources: passwords.map(({ arn }) => arn) },
      ...(key ? [key.decryptSecrets] : []),
    ];
  }

  /** A public image needs nobody's leave. */
  private pullStatements(): Statement[] {
    const [, account, region, repository] =
      /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^:@]+)/.exec(this.image) ?? [];
    if (repository === undefined) return [];
    return [
      { sid: "EcrLogin", actions: ["ecr:GetAuthorizationToken"], resources: ["*"] },
      {
        sid: "PullImage",
        actions: ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        resources: [`arn:aws:ecr:${region}:${account}:repository/${repository}`],
      },
    ];
  }

  private get image() {
    const { logins } = this.props.configuration;
    return logins ? logins.image : "";
  }

  private createSecurityGroup() {
    const { name, network } = this.props;
    const group = new SecurityGroup(this, "tasks", {
      name: nameOf("aws_security_group", name, "logins"),
      description: "The task that makes logins",
      vpcId: network.vpc.id,
      tags: { Name: `${name}-logins` },
      lifecycle: groupLifecycle,
    });
    allowEgressTo(this, "tasks", group, network.destinations);
    return group;
  }

  /** On Fargate, which every cluster has: no instance need be up for it. */
  private createTaskDefinition() {
    const { name, region } = this.props;
    return new EcsTaskDefinition(this, ITSELF, {
      family: nameOf("aws_ecs_task_definition", name, "database_logins"),
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      cpu: "256",
      memory: "512",
      runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: "X86_64" },
      executionRoleArn: this.execution.arn,
      // A deploy under way may still run an old revision.
      skipDestroy: true,
      containerDefinitions: containerDefinitions({
        name: CONTAINER,
        image: this.image,
        command: ["sh", "-euc", this.script()],
        dynamicPort: false,
        environment: {
          ...this.props.database.variables,
          // The image knows no authorities; RDS takes nothing without TLS.
          PGSSLMODE: "require",
          SQL: literal(loginsSql(this.schemas(), this.members)),
        },
        secrets: {
          PGPASSWORD: this.props.database.password.arn,
          ...Object.fromEntries(
            this.logins.map(({ password }, index) => [passwordVariable(index), password.arn]),
          ),
        },
        logs: { group: this.logGroup.name, region, prefix: CONTAINER },
        init: false,
        readonlyRootFilesystem: true,
      }),
    });
  }

  /** Settings go with the connection, where no log shows them: statements hold no password. */
  private script(): string {
    const settings = [
      `-c ${WANTED}=$LOGINS`,
      ...this.members.map(({ setting }, index) => `-c ${setting}=$${passwordVariable(index)}`),
    ];
    return `export PGOPTIONS="${settings.join(" ")}"; exec psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --command "$SQL"`;
  }

  /** All versions of all logins. */
  private get logins(): Login[] {
    return [...this.versions.values()].flatMap(({ now, before }) => (before ? [now, before] : [now]));
  }

  private get members(): Member[] {
    const schemas = new Map(this.props.services.map((service) => [service.name, schemaOf(service)]));
    return [...this.versions]
      .flatMap(([service, { now, before }]) =>
        [now, ...(before ? [before] : [])].map(({ user }) => ({ user, schema: schemas.get(service) ?? "" })),
      )
      .map((member, index) => ({ ...member, setting: `logins.password_${index + 1}` }));
  }

  /** Where nobody's migrations make the tables, services make them themselves. */
  private schemas(): Schema[] {
    const { services } = this.props;
    return [...new Set(services.map(schemaOf))].map((name) => ({
      name,
      creates: !services.some((service) => schemaOf(service) === name && service.migrations),
    }));
  }
}

const passwordVariable = (index: number) => `PASSWORD_${index + 1}`;

/** The schema that a service's login has rights on. */
const schemaOf = ({ database }: ServiceConfiguration): string => (database ? database.schema : "");
