import type { Rows } from "./rows";

const tagged = (resource: string) => ["ec2:CreateTags", "ec2:DeleteTags", resource] as const;

/** What AWS checks where a group of instances is started from a launch template. */
const launching = [
  "ec2:RunInstances instance/* arn:aws:ec2:{@region}::image/* network-interface/* volume/* launch-template/* subnet/{vpc_zone_identifier} security-group/*",
  "iam:PassRole {launch_template.id:template-role} to ec2.amazonaws.com",
  "iam:PassRole {mixed_instances_policy.launch_template.launch_template_specification.launch_template_id:template-role} to ec2.amazonaws.com",
];

const group = "autoScalingGroup:*:autoScalingGroupName/{name}";

/** Machines, and the containers on them. */
export const computeCalls: Rows = {
  aws_key_pair: {
    create: ["ec2:ImportKeyPair key-pair/{key_name}"],
    read: ["ec2:DescribeKeyPairs"],
    delete: ["ec2:DeleteKeyPair key-pair/{key_name}"],
    tags: tagged("key-pair/{key_name}"),
  },
  aws_instance: {
    create: [
      "ec2:RunInstances instance/{id} arn:aws:ec2:{@region}::image/{ami} network-interface/* volume/* subnet/{subnet_id} security-group/{vpc_security_group_ids} key-pair/{key_name}",
      "ec2:CreateTags volume/*",
      "iam:PassRole {iam_instance_profile:profile-role} to ec2.amazonaws.com",
      "ec2:DescribeImages",
    ],
    read: [
      "ec2:DescribeInstances",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeInstanceAttribute instance/{id}",
      "ec2:DescribeInstanceCreditSpecifications",
      "ec2:DescribeTags",
      "ec2:DescribeVolumes",
      "ec2:DescribeVpcs",
      "iam:GetInstanceProfile instance-profile/{iam_instance_profile}",
    ],
    update: {
      iam_instance_profile: [
        "ec2:DescribeIamInstanceProfileAssociations",
        "ec2:ReplaceIamInstanceProfileAssociation instance/{id}",
        "iam:PassRole {iam_instance_profile:profile-role} to ec2.amazonaws.com",
      ],
      instance_type: [
        "ec2:StopInstances instance/{id}",
        "ec2:ModifyInstanceAttribute instance/{id}",
        "ec2:StartInstances instance/{id}",
      ],
      metadata_options: ["ec2:ModifyInstanceMetadataOptions instance/{id}"],
      vpc_security_group_ids: [
        "ec2:ModifyInstanceAttribute instance/{id} security-group/{vpc_security_group_ids}",
      ],
      root_block_device: ["ec2:ModifyVolume volume/*"],
      volume_tags: ["ec2:CreateTags volume/*", "ec2:DeleteTags volume/*"],
      "*": ["ec2:ModifyInstanceAttribute instance/{id}"],
    },
    delete: [
      "ec2:ModifyInstanceAttribute instance/{id} if disable_api_termination",
      "ec2:TerminateInstances instance/{id}",
    ],
    tags: tagged("instance/{id}"),
  },
  aws_launch_template: {
    create: ["ec2:CreateLaunchTemplate launch-template/{id}"],
    read: ["ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"],
    update: {
      "*": [
        "ec2:CreateLaunchTemplateVersion launch-template/{id}",
        "ec2:ModifyLaunchTemplate launch-template/{id}",
      ],
    },
    delete: ["ec2:DeleteLaunchTemplate launch-template/{id}"],
    tags: tagged("launch-template/{id}"),
  },
  aws_autoscaling_group: {
    create: [
      `autoscaling:CreateAutoScalingGroup ${group}`,
      `autoscaling:CreateOrUpdateTags ${group} if tag`,
      ...launching,
      "iam:CreateServiceLinkedRole role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
    ],
    read: ["autoscaling:DescribeAutoScalingGroups"],
    update: {
      tag: [`autoscaling:CreateOrUpdateTags ${group}`, `autoscaling:DeleteTags ${group}`],
      "launch_template|mixed_instances_policy": [`autoscaling:UpdateAutoScalingGroup ${group}`, ...launching],
      instance_refresh: [`autoscaling:StartInstanceRefresh ${group}`],
      enabled_metrics: [
        `autoscaling:EnableMetricsCollection ${group}`,
        `autoscaling:DisableMetricsCollection ${group}`,
      ],
      "*": [`autoscaling:UpdateAutoScalingGroup ${group}`],
    },
    delete: [
      `autoscaling:UpdateAutoScalingGroup ${group}`,
      "autoscaling:DescribeScalingActivities",
      `autoscaling:DeleteAutoScalingGroup ${group}`,
    ],
  },
  aws_apprunner_service: {
    create: [
      "apprunner:CreateService service/{service_name}/* {auto_scaling_configuration_arn}",
      "iam:PassRole {source_configuration.authentication_configuration.access_role_arn} to apprunner.amazonaws.com",
      "iam:PassRole {instance_configuration.instance_role_arn} to apprunner.amazonaws.com",
      "iam:CreateServiceLinkedRole role/aws-service-role/apprunner.amazonaws.com/AWSServiceRoleForAppRunner",
    ],
    read: ["apprunner:DescribeService {arn}", "apprunner:ListTagsForResource {arn}"],
    update: {
      "*": [
        "apprunner:UpdateService {arn} {auto_scaling_configuration_arn}",
        "iam:PassRole {source_configuration.authentication_configuration.access_role_arn} to apprunner.amazonaws.com",
        "iam:PassRole {instance_configuration.instance_role_arn} to apprunner.amazonaws.com",
      ],
    },
    delete: ["apprunner:DeleteService {arn}"],
    tags: ["apprunner:TagResource", "apprunner:UntagResource", "service/{service_name}/*"],
  },
  aws_apprunner_auto_scaling_configuration_version: {
    create: [
      "apprunner:CreateAutoScalingConfiguration autoscalingconfiguration/{auto_scaling_configuration_name}/*/*",
    ],
    read: ["apprunner:DescribeAutoScalingConfiguration {arn}", "apprunner:ListTagsForResource {arn}"],
    delete: ["apprunner:DeleteAutoScalingConfiguration {arn}"],
    tags: [
      "apprunner:TagResource",
      "apprunner:UntagResource",
      "autoscalingconfiguration/{auto_scaling_configuration_name}/*/*",
    ],
  },
  aws_apprunner_custom_domain_association: {
    create: ["apprunner:AssociateCustomDomain {service_arn}"],
    read: ["apprunner:DescribeCustomDomains {service_arn}"],
    delete: ["apprunner:DisassociateCustomDomain {service_arn}"],
  },
  aws_ecs_cluster: {
    create: [
      "ecs:CreateCluster cluster/{name}",
      "iam:CreateServiceLinkedRole role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
    ],
    read: ["ecs:DescribeClusters cluster/{name}"],
    update: { "*": ["ecs:UpdateCluster cluster/{name}"] },
    delete: ["ecs:DeleteCluster cluster/{name}"],
    tags: ["ecs:TagResource", "ecs:UntagResource", "cluster/{name}"],
  },
  aws_ecs_capacity_provider: {
    create: [
      "ecs:CreateCapacityProvider capacity-provider/{name}",
      // ECS marks the group as its own in the caller's name. Source: "Amazon ECS capacity providers for EC2", ECS guide.
      "autoscaling:CreateOrUpdateTags {auto_scaling_group_provider.auto_scaling_group_arn}",
    ],
    read: ["ecs:DescribeCapacityProviders capacity-provider/{name}"],
    update: { "*": ["ecs:UpdateCapacityProvider capacity-provider/{name}"] },
    delete: ["ecs:DeleteCapacityProvider capacity-provider/{name}"],
    tags: ["ecs:TagResource", "ecs:UntagResource", "capacity-provider/{name}"],
  },
  aws_ecs_cluster_capacity_providers: {
    create: ["ecs:PutClusterCapacityProviders cluster/{cluster_name}"],
    read: ["ecs:DescribeClusters cluster/{cluster_name}"],
    update: { "*": ["ecs:PutClusterCapacityProviders cluster/{cluster_name}"] },
    delete: ["ecs:PutClusterCapacityProviders cluster/{cluster_name}"],
  },
  aws_ecs_task_definition: {
    create: [
      "ecs:RegisterTaskDefinition task-definition/{family}:*",
      "iam:PassRole {execution_role_arn} to ecs-tasks.amazonaws.com",
      "iam:PassRole {task_role_arn} to ecs-tasks.amazonaws.com",
    ],
    read: ["ecs:DescribeTaskDefinition"],
    delete: ["ecs:DeregisterTaskDefinition"],
    tags: ["ecs:TagResource", "ecs:UntagResource", "task-definition/{family}:*"],
  },
  aws_ecs_service: {
    create: ["ecs:CreateService service/{cluster:last}/{name}"],
    read: ["ecs:DescribeServices service/{cluster:last}/{name}"],
    update: { "*": ["ecs:UpdateService service/{cluster:last}/{name}"] },
    delete: [
      "ecs:UpdateService service/{cluster:last}/{name}",
      "ecs:DeleteService service/{cluster:last}/{name}",
    ],
    tags: ["ecs:TagResource", "ecs:UntagResource", "service/{cluster:last}/{name}"],
  },
  aws_ecr_repository: {
    create: ["ecr:CreateRepository repository/{name}"],
    read: ["ecr:DescribeRepositories repository/{name}", "ecr:ListTagsForResource repository/{name}"],
    update: {
      "image_tag_mutability|image_tag_mutability_exclusion_filter": [
        "ecr:PutImageTagMutability repository/{name}",
      ],
      image_scanning_configuration: ["ecr:PutImageScanningConfiguration repository/{name}"],
    },
    delete: ["ecr:DeleteRepository repository/{name}"],
    tags: ["ecr:TagResource", "ecr:UntagResource", "repository/{name}"],
  },
  aws_ecr_lifecycle_policy: {
    create: ["ecr:PutLifecyclePolicy repository/{repository}"],
    read: ["ecr:GetLifecyclePolicy repository/{repository}"],
    update: { "*": ["ecr:PutLifecyclePolicy repository/{repository}"] },
    delete: ["ecr:DeleteLifecyclePolicy repository/{repository}"],
  },
  aws_ecr_repository_policy: {
    create: ["ecr:SetRepositoryPolicy repository/{repository}"],
    read: ["ecr:GetRepositoryPolicy repository/{repository}"],
    update: { "*": ["ecr:SetRepositoryPolicy repository/{repository}"] },
    delete: ["ecr:DeleteRepositoryPolicy repository/{repository}"],
  },
  aws_appautoscaling_target: {
    create: [
      "application-autoscaling:RegisterScalableTarget scalable-target/*",
      "ecs:DescribeServices {resource_id:ecs-arn}",
      "ecs:UpdateService {resource_id:ecs-arn}",
      "iam:CreateServiceLinkedRole role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
    ],
    read: [
      "application-autoscaling:DescribeScalableTargets",
      "application-autoscaling:ListTagsForResource {arn}",
    ],
    update: { "*": ["application-autoscaling:RegisterScalableTarget {arn}"] },
    delete: ["application-autoscaling:DeregisterScalableTarget {arn}"],
    tags: ["application-autoscaling:TagResource", "application-autoscaling:UntagResource", "{arn}"],
  },
  aws_appautoscaling_policy: {
    // Its alarms are made in the caller's name. Source: "IAM permissions required for Amazon ECS service auto scaling", ECS guide.
    create: [
      "application-autoscaling:PutScalingPolicy scalable-target/*",
      "cloudwatch:PutMetricAlarm alarm:TargetTracking-{resource_id}-*",
      "cloudwatch:DescribeAlarms alarm:*",
    ],
    read: ["application-autoscaling:DescribeScalingPolicies"],
    update: {
      "*": [
        "application-autoscaling:PutScalingPolicy scalable-target/*",
        "cloudwatch:PutMetricAlarm alarm:TargetTracking-{resource_id}-*",
      ],
    },
    delete: [
      "application-autoscaling:DeleteScalingPolicy scalable-target/*",
      "cloudwatch:DeleteAlarms alarm:TargetTracking-{resource_id}-*",
    ],
  },
  aws_scheduler_schedule: {
    create: [
      "scheduler:CreateSchedule schedule/{group_name}/{name}",
      "iam:PassRole {target.role_arn} to scheduler.amazonaws.com",
    ],
    read: ["scheduler:GetSchedule schedule/{group_name}/{name}"],
    update: {
      "*": [
        "scheduler:UpdateSchedule schedule/{group_name}/{name}",
        "iam:PassRole {target.role_arn} to scheduler.amazonaws.com",
      ],
    },
    delete: ["scheduler:DeleteSchedule schedule/{group_name}/{name}"],
  },
};
