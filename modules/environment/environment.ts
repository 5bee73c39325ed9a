import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import type { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import type { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { TerraformOutput } from "cdktf";
import type { Construct } from "constructs";
import { inAccount, releasesOf } from "../account";
import { Bastion } from "../bastion/bastion";
import { boundaryArn } from "../boundary";
import { byName } from "../by-name";
import { Cluster } from "../cluster/cluster";
import { CONTRACT_VERSION, type Contract, type MoveContract } from "../contract";
import { writeContract } from "../contract/write";
import { moveLock } from "../contract/move";
import { Database } from "../database/database";
import { ExternalDatabase } from "../database/external";
import { Logins } from "../database/logins";
import { Distribution } from "../distribution/distribution";
import { Internal } from "../internal/internal";
import { keepData } from "../keep-data";
import { Key } from "../key/key";
import { healthPath, namesBeside } from "../move/domain";
import { Mover } from "../move/mover";
import { MoveState } from "../move/state";
import { ExistingNetwork } from "../network/existing";
import { FlowLogs } from "../network/flow-logs";
import { OwnNetwork } from "../network/network";
import type { Releases } from "../registry/place";
import { createRegistries } from "../registry/registries";
import type { Registry } from "../registry/registry";
import { allowIngress, allowEgress } from "../security-group";
import { Service } from "../service/service";
import { type Project, SlipwayStack } from "../stack";
import type { Bucket } from "../uses/bucket";
import { createUse } from "../uses/create-use";
import type { Queue } from "../uses/queue";
import type { Valkey } from "../uses/valkey";
import type { Configuration } from "./props";
import type { ServiceConfiguration } from "../service/props";

/** Ports that Docker gives containers in the network mode bridge. Source: PortMapping, ECS API reference. */
const DYNAMIC_PORTS = [32768, 65535] as const;

/**
 * One complete environment, in one stack: everything it is made of, and who may talk to whom.
 *
 * @typeParam Name names of its services, as far as the file's first argument says them
 * @typeParam Own what it is of a database: `Database`, undefined where it makes none, or either where nobody can tell
 */
export class Environment<
  Name extends string = string,
  Own extends Database | undefined = Database | undefined,
> extends SlipwayStack {
  /** The AWS account's id. */
  readonly account: string;
  /** What its secrets and logs lie under, where that is not AWS's own. */
  readonly key: Key | undefined;
  /** `"natGateways" in network` tells one that the environment made from one that was there. */
  readonly network: OwnNetwork | ExistingNetwork;
  readonly flowLogs: FlowLogs | undefined;
  readonly database: Own;
  /** How far a move into it has come, while its file says one. */
  readonly move: MoveState | undefined;
  /** The task that copies the database that is elsewhere, while data moves. */
  readonly mover: Mover | undefined;
  /** The one that is elsewhere, instead or beside it. */
  readonly externalDatabase: ExternalDatabase | undefined;
  /** A user of the database for each service. */
  readonly logins: Logins | undefined;
  readonly cluster: Cluster;
  readonly distribution: Distribution | undefined;
  /** What services call each other through, where any is internal. */
  readonly internal: Internal | undefined;
  readonly bastion: Bastion | undefined;
  /** By the name of the repository that releases are pushed to. */
  readonly registries: ReadonlyMap<string, Registry>;
  /** What services use, by name; a wrong name is an error that says the right ones. */
  readonly uses: Readonly<Record<string, Bucket | Queue | Valkey>>;
  /** By name, in the order of deployment; a wrong name is an error that says the right ones. */
  readonly services: Readonly<Record<Name, Service>>;
  /** What deploy reads. */
  readonly contractParameter: SsmParameter;

  constructor(
    scope: Construct,
    readonly configuration: Configuration,
    project: Project,
  ) {
    const { name, region } = configuration;
    const own = inAccount(project, configuration.account);
    super(scope, name, { ...own, region });
    if (configuration.after.length > 0) this.addOverride("//.after", configuration.after);
    this.account = new DataAwsCallerIdentity(this, "caller", {}).accountId;
    if (own.bootstrap && own.bootstrap.github)
      this.boundary = boundaryArn(project.project, configuration.name, this.account);
    this.key = this.createKey();
    this.network = this.createNetwork();
    this.flowLogs = this.createFlowLogs();
    this.move = this.createMove();
    this.database = this.createDatabase() as Own;
    this.externalDatabase = this.createExternalDatabase();
    this.logins = this.createLogins();
    this.mover = this.createMover();
    this.cluster = this.createCluster();
    this.distribution = this.createDistribution();
    this.internal = this.createInternal();
    this.bastion = this.createBastion();
    this.registries = this.createRegistries(releasesOf(project, configuration.account));
    this.uses = this.createUses();
    this.services = this.createServices();
    this.connectLoadBalancers();
    this.connectDatabase();
    this.connectBastion();
    this.contractParameter = writeContract(this, this.contract());
    this.writeOutputs();
  }

  /** Data is kept last, like the boundary: a team adds its own until the stack is written. */
  override toTerraform() {
    if (this.configuration.data === "kept") keepData(this);
    return super.toTerraform();
  }

  private createKey() {
    const { name, region, encryption } = this.configuration;
    if (encryption === "aws") return undefined;
    const logGroups = [Cluster.logGroup(name), ...Database.logGroups(name)];
    return new Key(this, "key", { name, account: this.account, region, logGroups });
  }

  private createNetwork() {
    const { name, region, network, distribution } = this.configuration;
    return network.vpc === undefined
      ? new OwnNetwork(this, "network", { name, region, network, tags: this.tags })
      : new ExistingNetwork(this, "network", { name, network, reachable: Boolean(distribution) });
  }

  private createFlowLogs() {
    const { name, region, network } = this.configuration;
    const { account, key } = this;
    if (network.vpc !== undefined || !network.flowLogs) return undefined;
    const props = { name, account, region, vpcId: this.network.vpc.id, flowLogs: network.flowLogs, key };
    return new FlowLogs(this, "flow_logs", props);
  }

  private createMove() {
    const { name, move } = this.configuration;
    return move ? new MoveState(this, "move", name) : undefined;
  }

  private createDatabase() {
    const { network, key } = this;
    const { name, database } = this.configuration;
    if (!database || database.url !== undefined) return undefined;
    const moving = this.movesData;
    return new Database(this, "database", { name, network, key, database, moving });
  }

  private createExternalDatabase() {
    const { account } = this;
    const { name, region, database } = this.configuration;
    if (!database || (database.url === undefined && database.also === undefined)) return undefined;
    const id = database.url === undefined ? "external_database" : "database";
    return new ExternalDatabase(this, id, { name, account, region });
  }

  private createMover() {
    const { account, network, key, database, externalDatabase } = this;
    const { name, region } = this.configuration;
    if (!this.movesData || !database || !externalDatabase) return undefined;
    const { url } = externalDatabase;
    return new Mover(this, "mover", { account, name, region, network, key, database, url });
  }

  private createLogins() {
    const { account, network, key, database } = this;
    const { name, region, database: configuration, services } = this.configuration;
    const clients = services.filter((service) => service.database);
    if (!database || !configuration || configuration.url !== undefined) return undefined;
    if (!configuration.logins || clients.length === 0) return undefined;
    const props = { account, name, region, network, key, configuration, database, services: clients };
    return new Logins(this, "logins", props);
  }

  private createCluster() {
    const { name, cluster } = this.configuration;
    return new Cluster(this, "cluster", {
      name,
      cluster,
      network: this.network,
      key: this.key,
      tags: this.tags,
    });
  }

  private createDistribution() {
    const { network, account } = this;
    const { name, region, distribution, move, services } = this.configuration;
    const from = move && move.from;
    return distribution
      ? new Distribution(this, "distribution", {
          name,
          region,
          distribution,
          network,
          account,
          from,
          newHosts: from ? namesBeside(services, from.domain) : [],
          move: this.move,
        })
      : undefined;
  }

  private createInternal() {
    const { configuration, network, distribution } = this;
    if (!configuration.services.some(({ internal }) => internal)) return undefined;
    const { name } = configuration;
    return new Internal(this, "internal", { name, network, accessLogs: distribution?.accessLogs });
  }

  private createBastion() {
    const { name, bastion } = this.configuration;
    return bastion ? new Bastion(this, "bastion", { name, network: this.network, bastion }) : undefined;
  }

  private createRegistries(home: Releases | undefined) {
    const { name: environment, region, registries } = this.configuration;
    return createRegistries(this, { environment, account: this.account, region, registries, home });
  }

  private createUses() {
    const { configuration, account, network } = this;
    return byName(
      "use",
      Object.entries(configuration.uses).map(([name, options]) => {
        const props = { environment: configuration.name, account, network, name, options };
        return [name, createUse(this, `uses_${name}`, props)] as const;
      }),
    );
  }

  private createServices() {
    const { account, configuration, key, network, cluster, distribution, internal, uses } = this;
    return byName(
      "service",
      configuration.services.map((service) => {
        const registry = this.registries.get(service.registry.repository);
        if (registry === undefined) throw new Error(`No registry for ${service.name}.`);
        const props = {
          account,
          environment: configuration.name,
          region: configuration.region,
          key,
          service,
          network,
          cluster,
          registry,
          ...this.connectionsOf(service),
          distribution,
          internal,
          uses,
          hold: this.move?.holdOf(service.name),
        };
        return [service.name, new Service(this, `service_${service.name}`, props)] as const;
      }),
    );
  }

  /** The database that a service is given, and its login, where the environment makes that one. */
  private connectionsOf(service: ServiceConfiguration) {
    const { externalDatabase: external, logins } = this;
    const own = databaseOf(service, this.database) || undefined;
    if (own === undefined) return { database: external };
    const login = logins?.services.get(service.name);
    if (external === undefined) return { database: own, login };
    if (this.movesData) {
      const choose = (made: string, elsewhere: string) => this.move?.chooseDatabase(made, elsewhere) ?? made;
      return { database: own, login, others: [external], second: { connection: external, choose } };
    }
    return this.usesExternal
      ? { database: external, others: [own, ...(login ? [login.before, login.now] : [])] }
      : { database: own, login, others: [external] };
  }

  /** Whether services have a task definition for each of two databases, and a task copies one to the other. */
  private get movesData(): boolean {
    return Boolean(this.configuration.move && this.configuration.move.database);
  }

  private get usesExternal(): boolean {
    const { database } = this.configuration;
    return database && database.url === undefined ? database.use === "external" : false;
  }

  private everyService(): Service[] {
    return Object.values(this.services);
  }

  /** CloudFront is admitted by its load balancer itself; from there it goes to tasks and nowhere else. */
  private connectLoadBalancers() {
    const served = this.everyService().filter(({ targetGroup }) => targetGroup !== undefined);
    if (this.distribution) {
      const from = this.distribution.loadBalancer.securityGroup;
      const open = served.filter(({ own }) => !own.internal);
      this.connectLoadBalancer("load_balancer", from, open);
      this.distribution.follow(open.flatMap(({ listenerRule }) => listenerRule ?? []));
    }
    if (this.internal) {
      const from = this.internal.securityGroup;
      this.connectLoadBalancer(
        "internal",
        from,
        served.filter(({ own }) => own.internal),
      );
    }
  }

  private connectLoadBalancer(id: string, from: SecurityGroup, served: readonly Service[]) {
    const instances = this.cluster.securityGroup;
    if (instances && served.some(({ securityGroup }) => securityGroup === undefined)) {
      const rule = {
        from,
        to: instances,
        port: DYNAMIC_PORTS,
        description: "Tasks on instances, by dynamic port",
      };
      allowEgress(this, `${id}_to_instances`, rule);
      allowIngress(this, `instances_from_${id}`, rule);
    }
    for (const { securityGroup, own } of served) {
      if (securityGroup === undefined || own.port === undefined) continue;
      const rule = { from, to: securityGroup, port: own.port, description: `Tasks of ${own.name}` };
      allowEgress(this, `${id}_to_service_${own.name}`, rule);
      allowIngress(this, `service_${own.name}_from_${id}`, rule);
    }
  }

  private connectDatabase() {
    const clients = this.everyService().filter(({ own }) => own.database);
    if (!this.database || clients.length === 0) return;
    const { database, cluster } = this;
    if (cluster.securityGroup && clients.some(({ securityGroup }) => securityGroup === undefined)) {
      database.admit("instances", cluster.securityGroup, "Tasks on instances");
    }
    if (this.logins) database.admit("logins", this.logins.securityGroup, "The task that makes logins");
    for (const { securityGroup, own } of clients) {
      if (securityGroup) database.admit(`service_${own.name}`, securityGroup, `Tasks of ${own.name}`);
    }
  }

  private connectBastion() {
    if (!this.bastion) return;
    const from = this.bastion.securityGroup;
    if (this.database) {
      this.database.admit("bastion", from, "People, through the bastion");
      allowEgress(this, "bastion_to_database", {
        from,
        to: this.database.securityGroup,
        port: this.database.port,
        description: "Postgres",
      });
    }
    if (this.distribution) {
      const { securityGroup: to, port } = this.distribution.loadBalancer;
      const rule = { from, to, port, description: "People, through the bastion" };
      allowEgress(this, "bastion_to_load_balancer", rule);
      allowIngress(this, "load_balancer_from_bastion", rule);
    }
  }

  private contract(): Contract {
    const services = this.everyService();
    return {
      version: CONTRACT_VERSION,
      environment: this.configuration.name,
      account: this.account,
      region: this.configuration.region,
      cluster: this.cluster.cluster.name,
      key: this.key?.arn ?? null,
      tags: { ...this.tags },
      url: this.distribution?.url ?? null,
      ...(this.distribution?.dns && { dns: this.distribution.dns }),
      roles: [
        ...services.flatMap(({ roles }) => [roles.execution.arn, roles.task.arn]),
        ...(this.logins ? [this.logins.execution.arn] : []),
      ],
      services: services.map((service) => service.contract),
      database: this.databaseContract(),
      bastion: this.bastion ? { instance: this.bastion.instance.id } : null,
      ...(this.move && { move: this.moveContract(this.move) }),
    };
  }

  private databaseContract() {
    const { database, externalDatabase, logins } = this;
    if (!database) return null;
    return {
      ...database.contract,
      ...(logins && { logins: logins.contract }),
      ...(externalDatabase && {
        also: { url: externalDatabase.url.name },
        use: this.usesExternal ? ("external" as const) : ("own" as const),
      }),
    };
  }

  private moveContract({ parameter }: MoveState): MoveContract {
    const held = this.everyService().flatMap(({ own, held }) => (held ? [[own.name, held] as const] : []));
    return {
      parameter: parameter.name,
      lock: moveLock(this.configuration.name),
      ...this.moveFromContract(),
      ...(this.mover && { database: this.mover.contract }),
      held: Object.fromEntries(held),
    };
  }

  private moveFromContract(): Pick<MoveContract, "from"> {
    const { distribution: front, configuration } = this;
    const from = configuration.move && configuration.move.from;
    if (!from || !front?.front) return {};
    const { id, domainName } = front.distribution;
    const { waf } = front.own;
    return {
      from: {
        origin: from.origin,
        domain: from.domain,
        health: healthPath(configuration.services, from.domain) ?? "/",
        ...(from.distribution !== undefined && { holder: from.distribution }),
        distribution: { id, domainName },
        loadBalancer: front.loadBalancer.loadBalancer.arnSuffix,
        zone: front.zone?.zoneId ?? null,
        store: front.front.store.arn,
        ...(waf && { rateLimit: waf.rateLimit }),
      },
    };
  }

  private writeOutputs() {
    if (this.distribution) {
      new TerraformOutput(this, "url", {
        value: this.distribution.url,
        description: "Where people reach the environment",
      });
    }
    if (this.distribution?.dns) {
      new TerraformOutput(this, "dns", {
        value: this.distribution.dns,
        description:
          "Records to make where the names are kept; at the top of a zone an ALIAS instead of a CNAME",
      });
    }
    if (this.bastion && this.database) {
      new TerraformOutput(this, "psql", {
        value: `npx slipway psql ${this.configuration.name}`,
        description: "The command that opens psql on the database, through the bastion",
      });
    }
  }
}

/** The master user's connection, in the service's schema. */
const databaseOf = ({ database: own }: ServiceConfiguration, database: Database | undefined) =>
  own && database?.within(own.schema);
