import { DataAwsSsmParameter } from "@cdktf/provider-aws/lib/data-aws-ssm-parameter";
import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Instance } from "@cdktf/provider-aws/lib/instance";
import { KeyPair } from "@cdktf/provider-aws/lib/key-pair";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Construct } from "constructs";
import { AL2023_ARM64 } from "../../aws/images";
import type { BastionConfiguration } from "./props";
import { nameOf } from "../names";
import type { Network } from "../network/network";
import { assumedBy, policy, sessionStatements } from "../policy";
import { allowIngress, allowEgress, groupLifecycle } from "../security-group";
import { ITSELF } from "../stack";

/** A small instance that people forward ports through. It needs no inbound port and no key. */
export class Bastion extends Construct {
  readonly securityGroup: SecurityGroup;
  readonly role: IamRole;
  readonly instanceProfile: IamInstanceProfile;
  readonly keyPair: KeyPair | undefined;
  readonly instance: Instance;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: {
      readonly name: string;
      readonly network: Network;
      readonly bastion: BastionConfiguration;
    },
  ) {
    super(scope, id);
    this.securityGroup = this.createSecurityGroup();
    this.admitSsh();
    this.role = this.createRole();
    this.instanceProfile = this.createInstanceProfile();
    this.keyPair = this.createKeyPair();
    this.instance = this.createInstance();
  }

  private createSecurityGroup() {
    const group = new SecurityGroup(this, ITSELF, {
      name: nameOf("aws_security_group", this.props.name, "bastion"),
      description: "Bastion: forwards ports for people",
      vpcId: this.props.network.vpc.id,
      tags: { Name: `${this.props.name}-bastion` },
      lifecycle: groupLifecycle,
    });
    allowEgress(this, "to_https", {
      from: group,
      port: 443,
      cidr: "0.0.0.0/0",
      description: "Session Manager",
    });
    return group;
  }

  private admitSsh() {
    if (!this.props.bastion.ssh) return;
    for (const [index, cidr] of this.props.bastion.ssh.cidrs.entries()) {
      allowIngress(this, `ssh_${index}`, {
        to: this.securityGroup,
        port: 22,
        cidr,
        description: "SSH from a named address",
      });
    }
  }

  private createRole() {
    const role = new IamRole(this, "role", {
      name: nameOf("aws_iam_role", this.props.name, "bastion"),
      assumeRolePolicy: assumedBy("ec2.amazonaws.com"),
    });
    new IamRolePolicy(this, "session_manager", {
      name: "session-manager",
      role: role.name,
      policy: policy(sessionStatements),
    });
    return role;
  }

  private createInstanceProfile() {
    return new IamInstanceProfile(this, "profile", {
      name: nameOf("aws_iam_instance_profile", this.props.name, "bastion"),
      role: this.role.name,
    });
  }

  private createKeyPair() {
    if (!this.props.bastion.ssh) return undefined;
    return new KeyPair(this, "key", {
      keyName: nameOf("aws_key_pair", this.props.name, "bastion"),
      publicKey: this.props.bastion.ssh.publicKey,
    });
  }

  private createInstance() {
    const { network, bastion } = this.props;
    // A running instance gets no updates beyond its image's release: a newer image replaces it, and it holds nothing.
    // Source: "Deterministic upgrades through versioned repositories", AL2023 user guide.
    const image = new DataAwsSsmParameter(this, "image", { name: AL2023_ARM64 });
    const [subnet] = bastion.ssh ? network.subnets.public : network.subnets.private;
    return new Instance(this, "instance", {
      ami: image.insecureValue,
      instanceType: "t4g.nano",
      subnetId: subnet?.id,
      vpcSecurityGroupIds: [this.securityGroup.id],
      associatePublicIpAddress: bastion.ssh !== false,
      iamInstanceProfile: this.instanceProfile.name,
      keyName: this.keyPair?.keyName,
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      rootBlockDevice: { encrypted: true, volumeType: "gp3" },
      tags: { Name: `${this.props.name}-bastion` },
    });
  }
}
