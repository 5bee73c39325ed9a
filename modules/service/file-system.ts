import type { EfsFileSystem } from "@cdktf/provider-aws/lib/efs-file-system";
import { EfsMountTarget } from "@cdktf/provider-aws/lib/efs-mount-target";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Construct } from "constructs";
import { nameOf } from "../names";
import type { Network } from "../network/network";
import { groupLifecycle } from "../security-group";
import { ITSELF } from "../stack";

/** NFS. Source: "Using VPC security groups", EFS guide. */
export const FILE_SYSTEM_PORT = 2049;

interface FileSystemAccessProps {
  readonly environment: string;
  readonly network: Network;
  readonly files: EfsFileSystem;
}

/** The ways in to a file system: an address in every zone, in subnets that lead nowhere, and the group that guards them. */
export class FileSystemAccess extends Construct {
  readonly securityGroup: SecurityGroup;
  readonly targets: readonly EfsMountTarget[];

  /** The ways in to one file system, shared by all services that mount it: a zone takes one. */
  static of(props: FileSystemAccessProps): FileSystemAccess {
    const { scope, id } = props.files.node;
    const name = `${id}_access`;
    const known = scope?.node.tryFindChild(name);
    return known instanceof FileSystemAccess
      ? known
      : new FileSystemAccess(scope ?? props.files, name, props);
  }

  private constructor(scope: Construct, id: string, { environment, network, files }: FileSystemAccessProps) {
    super(scope, id);
    this.securityGroup = new SecurityGroup(this, ITSELF, {
      name: nameOf("aws_security_group", environment, files.node.id, "files"),
      description: `Files of ${files.node.id}`,
      vpcId: network.vpc.id,
      tags: { Name: `${environment}-${files.node.id}` },
      lifecycle: groupLifecycle,
    });
    this.targets = network.subnets.intra.map(
      (subnet) =>
        new EfsMountTarget(this, subnet.node.id.replace("intra_", ""), {
          fileSystemId: files.id,
          subnetId: subnet.id,
          securityGroups: [this.securityGroup.id],
        }),
    );
  }
}
