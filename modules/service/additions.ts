import type { EcsTaskDefinitionVolume } from "@cdktf/provider-aws/lib/ecs-task-definition";
import type { EfsAccessPoint } from "@cdktf/provider-aws/lib/efs-access-point";
import type { EfsFileSystem } from "@cdktf/provider-aws/lib/efs-file-system";
import { Token } from "cdktf";
import type { z } from "zod";
import { needsInternet } from "../../aws/image-registries";
import type { ServiceConfiguration } from "./props";
import { fromIssues, type Mistake, show } from "../mistakes";
import { variable } from "../options";
import type { Statement } from "../policy";
import type { Group } from "../security-group";
import type { Mount } from "./container";
import { allowanceOptions, sidecarOptions } from "./props";
import { sourcesOf } from "./variables";

/** A container that runs beside the application's. */
export type Sidecar = z.output<typeof sidecarOptions> & { readonly mounts: readonly Mount[] };
export type SidecarProps = Readonly<z.input<typeof sidecarOptions>>;

/** A security group, or what has one. */
export type Reachable = Group | { readonly securityGroup: Group | undefined };

/** How a file system is mounted. */
export interface VolumeProps {
  /** An access point, whose user and folder stand for the container's. @default root's folder, as root */
  readonly accessPoint?: EfsAccessPoint;
  /** @default false */
  readonly readOnly?: boolean;
}

/** The statements that `allow` makes are numbered, apart from whatever people call theirs. */
const SID = "Allowed";

/** Names that no construct has: their ids become those of the other volumes. */
const temporaryOf = (container: string) => `${container}_tmp`;

/** What the second argument of `environment` has given a service, checked. */
export class Additions {
  readonly mistakes: Mistake[] = [];
  readonly variables: Record<string, string> = {};
  readonly sidecars: Sidecar[] = [];
  readonly volumes: EcsTaskDefinitionVolume[] = [];
  readonly mounts: Mount[] = [];
  private readonly sources: Map<string, string>;
  private statements = 0;

  constructor(
    private readonly environment: string,
    private readonly service: ServiceConfiguration,
    /** Where images are that tasks can pull, where nothing leads to the internet. */
    private readonly images?: { readonly repository: string; readonly region: string },
  ) {
    this.sources = sourcesOf(service);
    if (service.readonlyRootFilesystem) this.mounts.push(this.addTemporary("task"));
  }

  /** Somewhere to write: a volume of the task's own, which goes with it. Fargate knows no tmpfs. */
  private addTemporary(container: string): Mount {
    const volume = temporaryOf(container);
    this.volumes.push({ name: volume });
    return { volume, path: "/tmp", readOnly: false };
  }

  addVariable(name: string, value: string): void {
    const wrong = variable.safeParse(name, { reportInput: true }).error;
    const source = this.sources.get(name);
    if (wrong) this.mistakes.push(...fromIssues(this.path("environment"), wrong.issues));
    else if (typeof value !== "string")
      this.note("environment", `${show(name)} is given ${show(value)}, which is no text.`);
    else if (source !== undefined)
      this.note("environment", `${show(name)} stands in ${source}, too; leave it in one place.`);
    else {
      this.sources.set(name, "environment");
      this.variables[name] = value;
    }
  }

  /** The permission as a statement, or undefined where it is a mistake. */
  permit(actions: readonly string[], resources: string | readonly string[]): Statement | undefined {
    const parsed = this.parse("allow", allowanceOptions, { actions, resources: [resources].flat() });
    if (!parsed) return undefined;
    do this.statements += 1;
    while (this.service.permissions.some(({ sid }) => sid === `${SID}${this.statements}`));
    return { sid: `${SID}${this.statements}`, ...parsed };
  }

  addSidecar(props: SidecarProps): void {
    const parsed = this.parse("sidecar", sidecarOptions, props);
    if (!parsed) return;
    const mistakes = [...this.checkSidecar(parsed)];
    for (const message of mistakes) this.note("sidecar", message);
    if (mistakes.length > 0) return;
    const { readonlyRootFilesystem = this.service.readonlyRootFilesystem } = parsed;
    const mounts = readonlyRootFilesystem ? [this.addTemporary(`sidecar_${parsed.name}`)] : [];
    this.sidecars.push({ ...parsed, readonlyRootFilesystem, mounts });
  }

  private *checkSidecar({
    name,
    image,
    environment,
    secrets,
    cpu = 0,
    memory = 0,
  }: z.output<typeof sidecarOptions>): Generator<string> {
    const taken = [this.service.name, ...this.sidecars.map((other) => other.name)];
    if (taken.includes(name))
      yield `${show(name)} is the name of another container of the task; choose another.`;
    for (const secret of secrets.filter((one) => !this.service.secrets.includes(one)))
      yield `${show(secret)} is no secret of ${this.service.name}; add it to secrets.`;
    for (const twice of secrets.filter((one) => Object.hasOwn(environment, one)))
      yield `${show(twice)} stands in environment and in secrets; leave it in one place.`;
    if (this.images && !Token.isUnresolved(image) && needsInternet(image, this.images.region))
      yield `${show(image)} is out of reach without NAT: push it to the ECR repository ${this.images.repository} in ${this.images.region}, which these tasks may pull from, and name it there, or say network.nat.`;
    const sum = (key: "cpu" | "memory", own: number) =>
      this.sidecars.reduce((total, sidecar) => total + (sidecar[key] ?? 0), own);
    if (sum("memory", memory) >= this.service.memory)
      yield `${sum("memory", memory)} MiB for sidecars leave nothing of the task's ${this.service.memory} MiB; raise memory of ${this.service.name}.`;
    if (sum("cpu", cpu) >= this.service.cpu)
      yield `cpu ${sum("cpu", cpu)} for sidecars leaves nothing of the task's ${this.service.cpu}; raise cpu of ${this.service.name}.`;
  }

  /** Whether the port is one; `to` is the group to reach, where there is one. */
  mayConnect(to: unknown, port: number): boolean {
    if (to === undefined)
      this.note("connect", "what is to be reached has no security group of its own; name the group.");
    if (!isPort(port)) this.note("connect", `${show(port)} is no port; there are 1 to 65535.`);
    return to !== undefined && isPort(port);
  }

  /** Adds a volume and where it stands; false where that is a mistake. */
  addVolume(name: string, files: EfsFileSystem, path: string, props: VolumeProps): boolean {
    const { accessPoint, readOnly = false } = props;
    const taken = this.mounts.some((mount) => mount.path === path);
    if (!/^(\/[^/:]+)+$/.test(path))
      this.note("volume", `${show(path)} is no folder to mount at; give an absolute path like "/data".`);
    else if (taken) this.note("volume", `${show(path)} holds another volume; mount this one elsewhere.`);
    else {
      const volume = accessPoint ? `${name}-${accessPoint.node.id}` : name;
      this.mounts.push({ volume, path, readOnly });
      this.declare(volume, files, accessPoint);
      return true;
    }
    return false;
  }

  /** One volume may stand in several places. */
  private declare(name: string, files: EfsFileSystem, accessPoint: EfsAccessPoint | undefined): void {
    if (this.volumes.some((volume) => volume.name === name)) return;
    this.volumes.push({
      name,
      efsVolumeConfiguration: {
        fileSystemId: files.id,
        transitEncryption: "ENABLED",
        authorizationConfig: { iam: "ENABLED", ...(accessPoint && { accessPointId: accessPoint.id }) },
      },
    });
  }

  private parse<Schema extends z.ZodType>(call: string, schema: Schema, written: unknown) {
    const parsed = schema.safeParse(written, { reportInput: true });
    if (!parsed.success) this.mistakes.push(...fromIssues(this.path(call), parsed.error.issues));
    return parsed.data;
  }

  private note(call: string, message: string): void {
    this.mistakes.push({ path: this.path(call), message });
  }

  private path(call: string): string {
    return `${this.environment}.services.${this.service.name}.${call}`;
  }
}

const isPort = (port: number) =>
  Token.isUnresolved(port) || (Number.isInteger(port) && port >= 1 && port <= 65535);
