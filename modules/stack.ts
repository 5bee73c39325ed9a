import { AwsProvider } from "@cdktf/provider-aws/lib/provider";
import {
  LocalBackend,
  S3Backend,
  TerraformDataSource,
  TerraformElement,
  type TerraformResource,
  TerraformStack,
} from "cdktf";
import type { Construct, IConstruct, Node } from "constructs";
import { boundRoles } from "./boundary";
import { registerReferences } from "./references";

/** What all stacks of the app share. */
export interface Project {
  /** The tag `project` on everything. */
  readonly project: string;
  /** The AWS account of all that name no other, the first; absent where that is whichever the credentials are of. */
  readonly account?: string | undefined;
  /** S3 bucket that holds the states, and its region; without one they are files in this folder. */
  readonly stateBucket?: string;
  readonly stateRegion?: string;
  /** What AWS granted beyond its defaults, by the code of the quota. */
  readonly quotas?: Readonly<Record<string, number>>;
  /** What the environments of one account share; roles for CI among it demand a boundary of the roles that they make. */
  readonly bootstrap?: false | { readonly region?: string; readonly github?: false | object };
  /** The account, where it is a further one: what was granted to it stands below its number in cdktf.json. */
  readonly further?: string;
  /** What further accounts have of their own, by their numbers. */
  readonly accounts?: Readonly<
    Record<string, Partial<Pick<Project, "stateBucket" | "stateRegion" | "quotas" | "bootstrap">>>
  >;
}

export interface SlipwayStackProps extends Project {
  readonly region: string;
}

/** Ephemeral values and write-only arguments: Terraform and OpenTofu alike have them since 1.11. */
export const REQUIRED_TERRAFORM = ">= 1.11.0";

/** The address of a resource or data source, to be written into an expression: `aws_lb.distribution`. */
export const addressOf = (element: TerraformResource | TerraformDataSource) =>
  `${TerraformDataSource.isTerraformDataSource(element) ? "data." : ""}${element.terraformResourceType}.${element.friendlyUniqueId}`;

/** Where a stack's state lies in the bucket; Terraform's lock file lies beside it, under this name and `.tflock`. */
export const stateKey = (stack: string) => `${stack}.tfstate`;

/** The id of the one resource that a construct is named after: it takes the construct's own address. */
export const ITSELF = "itself";

/**
 * One stack: one state, one plan, one provider, and addresses that a person can read and a refactor cannot move
 * unseen. `network/private_a` is `aws_subnet.network_private_a`, with no hash.
 */
export class SlipwayStack extends TerraformStack {
  /** The tags of everything in it. */
  readonly tags: Readonly<Record<string, string>>;
  /** The ARN of the policy beyond whose rights none of its roles gets; none by default. */
  protected boundary: string | undefined;
  private isTrusted = false;

  constructor(scope: Construct, name: string, props: SlipwayStackProps) {
    super(scope, name);
    this.tags = { project: props.project, environment: name, "managed-by": "slipway" };
    this.configureTerraform();
    this.configureBackend(props);
    this.configureProvider(props);
    // Where the guardrails read it: beside the stack, so that they need nothing but what is synthesized.
    if (Object.keys(props.quotas ?? {}).length > 0) this.addOverride("//.quotas", props.quotas);
    if (props.further !== undefined) this.addOverride("//.further", props.further);
    this.node.addValidation({ validate: () => this.collisions() });
  }

  /**
   * cdktf would resolve all of the stack to find what leads to another one. Its continuation finds more on that way, and goes it:
   * which functions and arguments some version of Terraform does not take. Source: cdktn/lib/terraform-stack.js.
   */
  override prepareStack() {
    if (Reflect.has(this, "_runPreparingResolve")) return super.prepareStack();
    this.ensureBackendExists();
    if (!this.isTrusted) registerReferences(this);
  }

  /** Spares the search for what leads to another stack: all that is made is Slipway's own, which refers to none. */
  trustReferences() {
    this.isTrusted = true;
  }

  /** Roles are bounded last: whoever applies may make no other, and a team adds its own until the stack is written. */
  override toTerraform() {
    if (this.boundary !== undefined) boundRoles(this, this.boundary);
    return super.toTerraform();
  }

  protected override allocateLogicalId(element: TerraformElement | Node): string {
    const node = TerraformElement.isTerraformElement(element) ? element.node : element;
    const ids = node.scopes.slice(node.scopes.indexOf(this) + 1).map((scope) => scope.node.id);
    const own = ids.at(-1) === ITSELF ? ids.slice(0, -1) : ids;
    return own.join("_").replaceAll(/[^\w-]/g, "_");
  }

  /** cdktf would read another stack's state: lifecycles meet through explicit outputs instead. */
  override registerOutgoingCrossStackReference(identifier: string): never {
    throw new Error(`Another stack refers to ${this.node.id}'s ${identifier}: environments share nothing.`);
  }

  private configureTerraform() {
    this.addOverride("terraform.required_version", REQUIRED_TERRAFORM);
    // Where the library knows this, it refuses what some version in the range does not take; unasked, the range begins at 1.5.
    this.node.setContext("targetVersions", { terraform: REQUIRED_TERRAFORM, opentofu: REQUIRED_TERRAFORM });
    // The bindings carry the provider's version with them, and cdktf pins that; the source it leaves short.
    this.addOverride("terraform.required_providers.aws.source", "hashicorp/aws");
  }

  private configureBackend({ stateBucket, stateRegion, region, account }: SlipwayStackProps) {
    if (!stateBucket) {
      // Outside cdktf.out, which anybody may delete and a synthesis writes again. Relative to the stack's folder in it.
      new LocalBackend(this, { path: `../../../terraform.${this.node.id}.tfstate` });
      return;
    }
    const backend = new S3Backend(this, {
      bucket: stateBucket,
      key: stateKey(this.node.id),
      region: stateRegion || region,
      encrypt: true,
    });
    backend.addOverride("use_lockfile", true);
    if (account !== undefined) backend.addOverride("allowed_account_ids", [account]);
  }

  private configureProvider({ region, account }: SlipwayStackProps) {
    new AwsProvider(this, "aws", {
      region,
      // The wrong profile is refused before anything is read.
      ...(account !== undefined && { allowedAccountIds: [account] }),
      defaultTags: [{ tags: { ...this.tags } }],
    });
  }

  /** cdktf merges two elements of one type and id silently, and one of them is lost. */
  private collisions(): string[] {
    const taken = new Map<string, string>();
    const mistakes: string[] = [];
    const visit = (construct: IConstruct) => {
      if (TerraformElement.isTerraformElement(construct)) {
        const key = `${construct.constructor.name}.${construct.friendlyUniqueId}`;
        const { path } = construct.node;
        const other = taken.get(key);
        if (other !== undefined) mistakes.push(`${other} and ${path} are both ${key}: rename one of them.`);
        taken.set(key, path);
      }
      construct.node.children.forEach(visit);
    };
    visit(this);
    return mistakes;
  }
}
