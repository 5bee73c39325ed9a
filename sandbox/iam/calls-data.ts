import type { Rows } from "./rows";

const rdsTags = (resource: string) =>
  ["rds:AddTagsToResource", "rds:RemoveTagsFromResource", resource] as const;
const cacheTags = (resource: string) =>
  ["elasticache:AddTagsToResource", "elasticache:RemoveTagsFromResource", resource] as const;
const bucketReads = (action: string) => [`s3:${action} {bucket:last}`];

const database = "db:{identifier}";

/** What holds data: databases, caches, buckets, queues, files, parameters, keys. */
export const dataCalls: Rows = {
  aws_db_instance: {
    create: [
      `rds:CreateDBInstance ${database} subgrp:{db_subnet_group_name} pg:{parameter_group_name} if username`,
      `rds:CreateDBInstanceReadReplica ${database} {replicate_source_db:db-arn} subgrp:{db_subnet_group_name} pg:{parameter_group_name} if replicate_source_db`,
      "iam:CreateServiceLinkedRole role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",
    ],
    read: [`rds:DescribeDBInstances ${database}`, `rds:ListTagsForResource ${database}`],
    update: {
      replicate_source_db: [`rds:PromoteReadReplica ${database}`],
      "*": [`rds:ModifyDBInstance ${database} subgrp:{db_subnet_group_name} pg:{parameter_group_name}`],
    },
    delete: [`rds:DeleteDBInstance ${database}`],
    tags: rdsTags(database),
  },
  aws_db_parameter_group: {
    create: ["rds:CreateDBParameterGroup pg:{name}"],
    finish: ["rds:ModifyDBParameterGroup pg:{name} if parameter"],
    read: [
      "rds:DescribeDBParameterGroups pg:{name}",
      "rds:DescribeDBParameters pg:{name}",
      "rds:ListTagsForResource pg:{name}",
    ],
    update: { parameter: ["rds:ModifyDBParameterGroup pg:{name}", "rds:ResetDBParameterGroup pg:{name}"] },
    delete: ["rds:DeleteDBParameterGroup pg:{name}"],
    tags: rdsTags("pg:{name}"),
  },
  aws_db_subnet_group: {
    create: ["rds:CreateDBSubnetGroup subgrp:{name}"],
    read: ["rds:DescribeDBSubnetGroups subgrp:{name}", "rds:ListTagsForResource subgrp:{name}"],
    update: { "*": ["rds:ModifyDBSubnetGroup subgrp:{name}"] },
    delete: ["rds:DeleteDBSubnetGroup subgrp:{name}"],
    tags: rdsTags("subgrp:{name}"),
  },
  aws_elasticache_subnet_group: {
    create: ["elasticache:CreateCacheSubnetGroup subnetgroup:{name}"],
    read: [
      "elasticache:DescribeCacheSubnetGroups subnetgroup:{name}",
      "elasticache:ListTagsForResource subnetgroup:{name}",
    ],
    update: { "*": ["elasticache:ModifyCacheSubnetGroup subnetgroup:{name}"] },
    delete: ["elasticache:DeleteCacheSubnetGroup subnetgroup:{name}"],
    tags: cacheTags("subnetgroup:{name}"),
  },
  aws_elasticache_replication_group: {
    create: [
      "elasticache:CreateReplicationGroup replicationgroup:{replication_group_id} subnetgroup:{subnet_group_name} parametergroup:{parameter_group_name}",
      "iam:CreateServiceLinkedRole role/aws-service-role/elasticache.amazonaws.com/AWSServiceRoleForElastiCache",
    ],
    read: [
      "elasticache:DescribeReplicationGroups replicationgroup:{replication_group_id}",
      "elasticache:DescribeCacheClusters cluster:*",
      "elasticache:ListTagsForResource replicationgroup:{replication_group_id}",
    ],
    update: {
      num_cache_clusters: [
        "elasticache:IncreaseReplicaCount replicationgroup:{replication_group_id}",
        "elasticache:DecreaseReplicaCount replicationgroup:{replication_group_id}",
      ],
      "*": ["elasticache:ModifyReplicationGroup replicationgroup:{replication_group_id}"],
    },
    delete: ["elasticache:DeleteReplicationGroup replicationgroup:{replication_group_id}"],
    tags: cacheTags("replicationgroup:{replication_group_id}"),
  },
  aws_s3_bucket: {
    create: ["s3:CreateBucket {bucket}"],
    read: [
      "ListBucket",
      "ListTagsForResource",
      "GetBucketTagging",
      "GetBucketPolicy",
      "GetBucketAcl",
      "GetBucketCORS",
      "GetBucketWebsite",
      "GetBucketVersioning",
      "GetAccelerateConfiguration",
      "GetBucketRequestPayment",
      "GetBucketLogging",
      "GetLifecycleConfiguration",
      "GetReplicationConfiguration",
      "GetEncryptionConfiguration",
      "GetBucketObjectLockConfiguration",
    ].flatMap(bucketReads),
    delete: [
      "s3:DeleteBucket {bucket}",
      "s3:ListBucketVersions {bucket} if force_destroy",
      "s3:DeleteObject {bucket}/* if force_destroy",
      "s3:DeleteObjectVersion {bucket}/* if force_destroy",
    ],
    tags: ["s3:PutBucketTagging", "s3:PutBucketTagging", "{bucket}"],
  },
  aws_s3_bucket_lifecycle_configuration: {
    create: ["s3:PutLifecycleConfiguration {bucket:last}"],
    read: bucketReads("GetLifecycleConfiguration"),
    update: { "*": ["s3:PutLifecycleConfiguration {bucket:last}"] },
    delete: ["s3:PutLifecycleConfiguration {bucket:last}"],
  },
  aws_s3_bucket_ownership_controls: {
    create: ["s3:PutBucketOwnershipControls {bucket:last}"],
    read: bucketReads("GetBucketOwnershipControls"),
    update: { "*": ["s3:PutBucketOwnershipControls {bucket:last}"] },
    delete: ["s3:PutBucketOwnershipControls {bucket:last}"],
  },
  aws_s3_bucket_policy: {
    create: ["s3:PutBucketPolicy {bucket:last}"],
    read: bucketReads("GetBucketPolicy"),
    update: { "*": ["s3:PutBucketPolicy {bucket:last}"] },
    delete: ["s3:DeleteBucketPolicy {bucket:last}"],
  },
  aws_s3_bucket_public_access_block: {
    create: ["s3:PutBucketPublicAccessBlock {bucket:last}"],
    read: bucketReads("GetBucketPublicAccessBlock"),
    update: { "*": ["s3:PutBucketPublicAccessBlock {bucket:last}"] },
    delete: ["s3:PutBucketPublicAccessBlock {bucket:last}"],
  },
  aws_s3_bucket_server_side_encryption_configuration: {
    create: ["s3:PutEncryptionConfiguration {bucket:last}"],
    read: bucketReads("GetEncryptionConfiguration"),
    update: { "*": ["s3:PutEncryptionConfiguration {bucket:last}"] },
    delete: ["s3:PutEncryptionConfiguration {bucket:last}"],
  },
  aws_s3_bucket_versioning: {
    create: ["s3:PutBucketVersioning {bucket:last}"],
    read: bucketReads("GetBucketVersioning"),
    update: { "*": ["s3:PutBucketVersioning {bucket:last}"] },
    delete: ["s3:PutBucketVersioning {bucket:last}"],
  },
  aws_sqs_queue: {
    create: ["sqs:CreateQueue {name}"],
    read: ["sqs:GetQueueAttributes {name}", "sqs:ListQueueTags {name}"],
    update: { "*": ["sqs:SetQueueAttributes {name}"] },
    delete: ["sqs:DeleteQueue {name}"],
    tags: ["sqs:TagQueue", "sqs:UntagQueue", "{name}"],
  },
  aws_sqs_queue_redrive_allow_policy: {
    create: ["sqs:SetQueueAttributes {queue_url:last}"],
    read: ["sqs:GetQueueAttributes {queue_url:last}"],
    update: { "*": ["sqs:SetQueueAttributes {queue_url:last}"] },
    delete: ["sqs:SetQueueAttributes {queue_url:last}"],
  },
  aws_efs_file_system: {
    create: [
      "elasticfilesystem:CreateFileSystem",
      "iam:CreateServiceLinkedRole role/aws-service-role/elasticfilesystem.amazonaws.com/AWSServiceRoleForAmazonElasticFileSystem",
    ],
    finish: ["elasticfilesystem:PutLifecycleConfiguration file-system/{id} if lifecycle_policy"],
    read: [
      "elasticfilesystem:DescribeFileSystems file-system/{id}",
      "elasticfilesystem:DescribeLifecycleConfiguration file-system/{id}",
    ],
    update: {
      lifecycle_policy: ["elasticfilesystem:PutLifecycleConfiguration file-system/{id}"],
      "*": ["elasticfilesystem:UpdateFileSystem file-system/{id}"],
    },
    delete: ["elasticfilesystem:DeleteFileSystem file-system/{id}"],
    tags: ["elasticfilesystem:TagResource", "elasticfilesystem:UntagResource", "file-system/{id}"],
  },
  aws_efs_mount_target: {
    create: [
      "elasticfilesystem:CreateMountTarget file-system/{file_system_id}",
      "ec2:DescribeSubnets",
      "ec2:DescribeNetworkInterfaces",
      "ec2:CreateNetworkInterface network-interface/* subnet/{subnet_id} security-group/{security_groups}",
    ],
    read: [
      "elasticfilesystem:DescribeMountTargets file-system/{file_system_id}",
      "elasticfilesystem:DescribeMountTargetSecurityGroups file-system/{file_system_id}",
    ],
    update: {
      "*": [
        "elasticfilesystem:ModifyMountTargetSecurityGroups file-system/{file_system_id}",
        "ec2:ModifyNetworkInterfaceAttribute network-interface/* security-group/{security_groups}",
      ],
    },
    delete: [
      "elasticfilesystem:DeleteMountTarget file-system/{file_system_id}",
      "ec2:DeleteNetworkInterface network-interface/*",
    ],
  },
  aws_efs_access_point: {
    create: ["elasticfilesystem:CreateAccessPoint file-system/{file_system_id}"],
    read: ["elasticfilesystem:DescribeAccessPoints access-point/{id}"],
    delete: ["elasticfilesystem:DeleteAccessPoint access-point/{id}"],
    tags: ["elasticfilesystem:TagResource", "elasticfilesystem:UntagResource", "access-point/{id}"],
  },
  aws_ssm_parameter: {
    create: ["ssm:PutParameter parameter{name:rooted}", "kms:Encrypt {key_id:key} via ssm"],
    read: [
      "ssm:GetParameter parameter{name:rooted}",
      "kms:Decrypt {key_id:key} via ssm",
      "ssm:DescribeParameters *",
      "ssm:ListTagsForResource parameter{name:rooted}",
    ],
    update: { "*": ["ssm:PutParameter parameter{name:rooted}", "kms:Encrypt {key_id:key} via ssm"] },
    delete: ["ssm:DeleteParameter parameter{name:rooted}"],
    tags: ["ssm:AddTagsToResource", "ssm:RemoveTagsFromResource", "parameter{name:rooted}"],
  },
  aws_kms_key: {
    create: ["kms:CreateKey"],
    finish: ["kms:EnableKeyRotation key/{key_id} if enable_key_rotation"],
    read: [
      "kms:DescribeKey key/{key_id}",
      "kms:GetKeyPolicy key/{key_id}",
      "kms:GetKeyRotationStatus key/{key_id}",
      "kms:ListResourceTags key/{key_id}",
    ],
    update: {
      description: ["kms:UpdateKeyDescription key/{key_id}"],
      policy: ["kms:PutKeyPolicy key/{key_id}"],
      enable_key_rotation: ["kms:EnableKeyRotation key/{key_id}"],
    },
    delete: ["kms:ScheduleKeyDeletion key/{key_id}"],
    tags: ["kms:TagResource", "kms:UntagResource", "key/{key_id}"],
  },
  aws_kms_alias: {
    create: ["kms:CreateAlias {name} {target_key_id:key}"],
    read: ["kms:ListAliases"],
    update: { "*": ["kms:UpdateAlias {name} {target_key_id:key}"] },
    delete: ["kms:DeleteAlias {name} {target_key_id:key}"],
  },
};
