import { AutoscalingGroup } from "@cdktf/provider-aws/lib/autoscaling-group";
import { DataAwsSsmParameter } from "@cdktf/provider-aws/lib/data-aws-ssm-parameter";
import { Eip } from "@cdktf/provider-aws/lib/eip";
import { EipAssociation } from "@cdktf/provider-aws/lib/eip-association";
import { LaunchTemplate } from "@cdktf/provider-aws/lib/launch-template";
import { NetworkInterface } from "@cdktf/provider-aws/lib/network-interface";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Fn, type ITerraformDependable, Token } from "cdktf";
import { Construct } from "constructs";
import { AL2023_ARM64 } from "../../aws/images";
import { nameOf } from "../names";
import { allowAllIngress, allowEgress, groupLifecycle } from "../security-group";
import { ITSELF } from "../stack";

/** Two shared cores and half a gigabyte; 32 Mbit/s for as long as it takes, 5 Gbit/s in bursts. Source: "Amazon EC2 instance types". */
const INSTANCE_TYPE = "t4g.nano";

export interface NatInstanceProps {
  /** The environment's name. */
  readonly name: string;
  readonly vpcId: string;
  /** The VPC's addresses: what comes from them is sent on. */
  readonly cidr: string;
  readonly zone: string;
  /** A public subnet of the zone. */
  readonly subnetId: string;
  readonly internetGateway: ITerraformDependable;
  /** What leads from the public subnet to the internet: the instance fetches its packet filter as it starts. */
  readonly wayOut: readonly ITerraformDependable[];
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * An instance that translates addresses, as a NAT gateway does. Address and routes belong to a network interface, which stays
 * when the instance dies: its group starts another one with the same interface. Nobody signs in to it: it has no role, no key
 * and no port that is open to the internet.
 */
export class NatInstance extends Construct {
  readonly securityGroup: SecurityGroup;
  readonly networkInterface: NetworkInterface;
  readonly address: Eip;
  readonly launchTemplate: LaunchTemplate;
  readonly group: AutoscalingGroup;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: NatInstanceProps,
  ) {
    super(scope, id);
    this.securityGroup = this.createSecurityGroup();
    const rules = this.letThrough();
    this.networkInterface = this.createNetworkInterface();
    this.address = this.createAddress();
    const association = this.associate();
    this.launchTemplate = this.createLaunchTemplate();
    this.group = this.createGroup([association, ...rules, ...props.wayOut]);
  }

  private createSecurityGroup() {
    return new SecurityGroup(this, ITSELF, {
      name: nameOf("aws_security_group", this.props.name, "nat"),
      description: "NAT instance: sends on what the VPC sends out",
      vpcId: this.props.vpcId,
      tags: { Name: `${this.props.name}-nat` },
      lifecycle: groupLifecycle,
    });
  }

  private letThrough() {
    return [
      allowAllIngress(this, "from_vpc", {
        to: this.securityGroup,
        cidr: this.props.cidr,
        description: "What the VPC sends out",
      }),
      allowEgress(this, "out", { from: this.securityGroup, cidr: "0.0.0.0/0", description: "Anywhere" }),
    ];
  }

  private createNetworkInterface() {
    return new NetworkInterface(this, "interface", {
      description: `NAT of ${this.props.name}`,
      subnetId: this.props.subnetId,
      securityGroups: [this.securityGroup.id],
      // Packets come and go that are neither from it nor for it.
      sourceDestCheck: false,
      tags: { Name: `${this.props.name}-nat` },
      // Routes leave it before it goes.
      lifecycle: { createBeforeDestroy: true },
    });
  }

  private createAddress() {
    return new Eip(this, "address", {
      domain: "vpc",
      tags: { Name: `${this.props.name}-nat` },
      dependsOn: [this.props.internetGateway],
    });
  }

  private associate() {
    return new EipAssociation(this, "association", {
      allocationId: this.address.allocationId,
      networkInterfaceId: this.networkInterface.id,
      // A successor comes before it goes, where anything that depends on the way out has one: it takes the address over.
      allowReassociation: true,
    });
  }

  private createLaunchTemplate() {
    const tags = { ...this.props.tags, Name: `${this.props.name}-nat` };
    return new LaunchTemplate(this, "template", {
      name: nameOf("aws_launch_template", this.props.name, "nat"),
      description: `${this.props.name}, NAT`,
      imageId: new DataAwsSsmParameter(this, "image", { name: AL2023_ARM64 }).insecureValue,
      instanceType: INSTANCE_TYPE,
      // What cannot do its work ends, and the group starts another one.
      instanceInitiatedShutdownBehavior: "terminate",
      networkInterfaces: [{ deviceIndex: 0, networkInterfaceId: this.networkInterface.id }],
      userData: Fn.base64encode(this.userData()),
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [
        {
          deviceName: "/dev/xvda",
          ebs: { volumeType: "gp3", encrypted: "true", deleteOnTermination: "true" },
        },
      ],
      // Default tags of the provider do not reach what an Auto Scaling group launches.
      tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
    });
  }

  /** Source: "NAT instances", VPC user guide; AL2023 comes without a packet filter's command, its repositories lie in S3. */
  private userData(): string {
    return [
      "#!/bin/bash",
      "set -euo pipefail",
      "trap 'shutdown -h now' ERR",
      "dnf install -y nftables",
      "echo net.ipv4.ip_forward=1 > /etc/sysctl.d/90-nat.conf",
      "sysctl -p /etc/sysctl.d/90-nat.conf",
      "cat > /etc/sysconfig/nftables.conf <<'END'",
      "table ip nat {",
      "  chain postrouting {",
      "    type nat hook postrouting priority srcnat;",
      `    ip saddr ${this.props.cidr} ip daddr != ${this.props.cidr} masquerade`,
      "  }",
      "}",
      "END",
      "systemctl enable --now nftables",
      "",
    ].join("\n");
  }

  private createGroup(dependsOn: ITerraformDependable[]) {
    return new AutoscalingGroup(this, "group", {
      name: nameOf("aws_autoscaling_group", this.props.name, "nat"),
      minSize: 1,
      maxSize: 1,
      // The interface says which subnet; a group whose template names one is told the zone alone.
      // Source: "CreateAutoScalingGroup", AvailabilityZones, Auto Scaling API reference.
      availabilityZones: [this.props.zone],
      launchTemplate: {
        id: this.launchTemplate.id,
        version: Token.asString(this.launchTemplate.latestVersion),
      },
      // The interface is free for the next instance only once the one before has gone.
      instanceMaintenancePolicy: { minHealthyPercentage: 0, maxHealthyPercentage: 100 },
      instanceRefresh: {
        strategy: "Rolling",
        preferences: { minHealthyPercentage: 0, skipMatching: true },
      },
      tag: Object.entries({ ...this.props.tags, Name: `${this.props.name}-nat` }).map(([key, value]) => ({
        key,
        value,
        propagateAtLaunch: true,
      })),
      dependsOn,
    });
  }
}
