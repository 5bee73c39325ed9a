import { allow, type Json, together } from "./json";

/** Everything of one environment carries its name, as if each came from a module call of its own. */
const named = (
  environment: string,
  resources: Readonly<Record<string, Readonly<Record<string, Json>>>>,
): Json => ({
  resource: Object.fromEntries(
    Object.entries(resources).map(([type, byName]) => [
      type,
      Object.fromEntries(Object.entries(byName).map(([name, body]) => [`${environment}_${name}`, body])),
    ]),
  ),
});

function network(env: string): Json {
  return named(env, {
    aws_vpc: { this: { cidr_block: "10.0.0.0/16", tags: { Name: env } } },
    aws_db_subnet_group: { database: { name: env, subnet_ids: [`\${aws_subnet.${env}_database.id}`] } },
    aws_security_group: {
      load_balancer: { name_prefix: env, vpc_id: `\${aws_vpc.${env}_this.id}` },
      bastion: { name_prefix: `${env}-bastion-`, vpc_id: `\${aws_vpc.${env}_this.id}` },
    },
    aws_security_group_rule: {
      bastion_ssh: {
        type: "ingress",
        from_port: 22,
        to_port: 22,
        protocol: "tcp",
        cidr_blocks: ["162.0.2.1/32"],
      },
    },
    aws_vpc_security_group_ingress_rule: {
      http: {
        security_group_id: `\${aws_security_group.${env}_load_balancer.id}`,
        cidr_ipv4: "0.0.0.0/0",
        from_port: 80,
        to_port: 80,
        ip_protocol: "tcp",
      },
    },
    tls_private_key: { bastion: { algorithm: "RSA", rsa_bits: 4096 } },
    aws_key_pair: {
      bastion: {
        key_name: `${env}-bastion`,
        public_key: `\${tls_private_key.${env}_bastion.public_key_openssh}`,
      },
    },
    aws_ssm_parameter: {
      bastion_key: {
        name: `/${env}/bastion/private-key`,
        type: "SecureString",
        value: `\${tls_private_key.${env}_bastion.private_key_pem}`,
      },
    },
    aws_instance: {
      bastion: {
        ami: "${data.aws_ssm_parameter.al2023.value}",
        associate_public_ip_address: true,
        instance_type: "t3a.micro",
        key_name: `\${aws_key_pair.${env}_bastion.key_name}`,
      },
    },
  });
}

function database(env: string): Json {
  return named(env, {
    random_string: { password: { length: 32, special: false } },
    aws_ssm_parameter: {
      password: {
        name: `/${env}/database/password`,
        type: "SecureString",
        value: `\${random_string.${env}_password.result}`,
      },
    },
    aws_db_instance: {
      this: {
        allocated_storage: 50,
        max_allocated_storage: 100,
        db_subnet_group_name: env,
        engine: "postgres",
        engine_version: "17.2",
        identifier: env,
        instance_class: "db.t4g.micro",
        parameter_group_name: "default.postgres17",
        password: `\${random_string.${env}_password.result}`,
        publicly_accessible: false,
        skip_final_snapshot: true,
        username: env,
      },
    },
  });
}

function cluster(env: string): Json {
  return named(env, {
    aws_ecs_cluster: { this: { name: env, setting: [{ name: "containerInsights", value: "enabled" }] } },
    tls_private_key: { cluster: { algorithm: "RSA", rsa_bits: 4096 } },
    aws_launch_template: {
      spot: {
        name_prefix: `${env}-spot-`,
        image_id: "${data.aws_ssm_parameter.ecs.value}",
        block_device_mappings: [{ device_name: "/dev/xvda", ebs: { volume_size: 50, volume_type: "gp2" } }],
        instance_market_options: { market_type: "spot" },
        network_interfaces: [{ associate_public_ip_address: false }],
        user_data: `\${base64encode("#!/bin/bash\\necho ECS_CLUSTER=${env} >> /etc/ecs/ecs.config")}`,
      },
    },
    aws_autoscaling_group: {
      spot: {
        min_size: 1,
        max_size: 5,
        launch_template: { id: `\${aws_launch_template.${env}_spot.id}`, version: "$Latest" },
        instance_refresh: { strategy: "Rolling", triggers: ["tag"] },
        tag: [{ key: "AmazonECSManaged", value: "true", propagate_at_launch: true }],
      },
    },
    aws_ecs_capacity_provider: {
      spot: {
        name: `${env}-spot`,
        auto_scaling_group_provider: {
          auto_scaling_group_arn: `\${aws_autoscaling_group.${env}_spot.arn}`,
          managed_scaling: { status: "DISABLED" },
        },
      },
    },
    aws_ecs_cluster_capacity_providers: {
      this: { cluster_name: env, capacity_providers: [`\${aws_ecs_capacity_provider.${env}_spot.name}`] },
    },
    aws_lb: { this: { internal: true, idle_timeout: 300, enable_deletion_protection: false } },
    aws_lb_listener: {
      http: {
        load_balancer_arn: `\${aws_lb.${env}_this.arn}`,
        port: 80,
        protocol: "HTTP",
        default_action: [{ type: "fixed-response" }],
      },
    },
    aws_cloudfront_distribution: {
      this: {
        enabled: true,
        origin: [{ origin_id: `cluster-${env}`, domain_name: `\${aws_lb.${env}_this.dns_name}` }],
        default_cache_behavior: {
          allowed_methods: ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
          cached_methods: ["GET", "HEAD"],
          viewer_protocol_policy: "redirect-to-https",
          forwarded_values: { query_string: true, cookies: { forward: "none" } },
        },
        viewer_certificate: { cloudfront_default_certificate: true },
      },
    },
  });
}

function service(env: string): Json {
  const tasks = allow({ Action: "sts:AssumeRole", Principal: { Service: "ecs-tasks.amazonaws.com" } });
  return named(env, {
    aws_iam_role: {
      execution: { name: `${env}-service-execution`, assume_role_policy: tasks },
      task: { name: `${env}-service-task`, assume_role_policy: tasks },
    },
    aws_iam_role_policy_attachment: {
      execution_ec2: {
        policy_arn: "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role",
        role: `\${aws_iam_role.${env}_execution.name}`,
      },
    },
    aws_ssm_parameter: {
      google_client_secret: {
        name: `/${env}/service/google-client-secret`,
        type: "SecureString",
        value: "example",
        lifecycle: { ignore_changes: ["value"] },
      },
    },
    aws_cloudwatch_log_group: { service: { name: `${env}-service`, retention_in_days: 7 } },
    aws_ecs_task_definition: {
      service: {
        family: `${env}-service`,
        container_definitions: JSON.stringify([
          {
            name: "service",
            image: `\${data.aws_caller_identity.this.account_id}.dkr.ecr.us-west-2.amazonaws.com/app:${env}`,
            portMappings: [{ containerPort: 8080 }],
            environment: [{ name: "GOOSE_DRIVER", value: "postgres" }],
            logConfiguration: {
              logDriver: "awslogs",
              options: { "awslogs-group": `\${aws_cloudwatch_log_group.${env}_service.name}` },
            },
          },
        ]),
      },
    },
    aws_ecs_service: {
      service: {
        name: `${env}-service`,
        cluster: `\${aws_ecs_cluster.${env}_this.arn}`,
        desired_count: 1,
        task_definition: `\${aws_ecs_task_definition.${env}_service.arn}`,
        capacity_provider_strategy: [{ capacity_provider: `${env}-spot`, base: 1, weight: 100 }],
        load_balancer: [{ container_name: "service", container_port: 8080 }],
      },
    },
  });
}

const environment = (env: string) => together(network(env), database(env), cluster(env), service(env));

/** The set-up that Slipway replaces, as written by hand: two environments of a hundred resources in one state. */
export const handWritten: Json = together(environment("staging"), environment("prod"), {
  terraform: {
    backend: { s3: { bucket: "terraform-states", key: "terraform.tfstate", region: "us-west-2" } },
    required_providers: { aws: { source: "hashicorp/aws", version: "~> 5.0" } },
  },
  provider: { aws: [{ region: "us-west-2" }] },
});

/** Each of its defects that a rule can see: in whose words, the rule, and where in prod. */
export const defects: readonly (readonly [defect: string, rule: string, address: string])[] = [
  [
    "the load balancer's group admits 0.0.0.0/0",
    "open-ingress",
    "aws_vpc_security_group_ingress_rule.prod_http",
  ],
  ["the bastion has a public address", "public-ip", "aws_instance.prod_bastion"],
  ["the bastion is entered by a key", "ssh-key-pair", "aws_key_pair.prod_bastion"],
  ["the bastion's private key lies in the state", "secret-in-state", "tls_private_key.prod_bastion"],
  ["the instances' private key lies in the state", "secret-in-state", "tls_private_key.prod_cluster"],
  ["the password lies in the state", "secret-in-state", "random_string.prod_password"],
  ["the private key's parameter is stored", "stored-secret", "aws_ssm_parameter.prod_bastion_key"],
  ["the password's parameter is stored", "stored-secret", "aws_ssm_parameter.prod_password"],
  ["the database's password is stored", "stored-secret", "aws_db_instance.prod_this"],
  ["secrets start as the word example", "stored-secret", "aws_ssm_parameter.prod_google_client_secret"],
  ["CloudFront forwards no cookies", "cloudfront-drops-cookies", "aws_cloudfront_distribution.prod_this"],
  ["answers may be cached", "cloudfront-caches-dynamic", "aws_cloudfront_distribution.prod_this"],
  ["forwarded values", "cloudfront-legacy-forwarding", "aws_cloudfront_distribution.prod_this"],
  ["the subnet group is a name, no edge", "literal-reference", "aws_db_instance.prod_this"],
  [
    "the association repeats the cluster's name",
    "literal-reference",
    "aws_ecs_cluster_capacity_providers.prod_this",
  ],
  ["user data repeats the cluster's name", "literal-reference", "aws_launch_template.prod_spot"],
  ["the service repeats the provider's name", "literal-reference", "aws_ecs_service.prod_service"],
  ["an instance refresh never starts", "floating-launch-template", "aws_autoscaling_group.prod_spot"],
  ["managed scaling is off", "managed-scaling", "aws_ecs_capacity_provider.prod_spot"],
  [
    "a migration bypasses the provider",
    "cluster-default-strategy",
    "aws_ecs_cluster_capacity_providers.prod_this",
  ],
  ["no circuit breaker", "circuit-breaker", "aws_ecs_service.prod_service"],
  ["no grace period", "health-check-grace", "aws_ecs_service.prod_service"],
  ["staging and prod share one state", "several-environments-in-one-state", "aws_ecs_cluster.staging_this"],
  ["the state has no lock", "state-lock", "terraform.backend.s3"],
  ["the state is not encrypted", "state-encryption", "terraform.backend.s3"],
  ["no final snapshot", "final-snapshot", "aws_db_instance.prod_this"],
  ["no backups", "database-backups", "aws_db_instance.prod_this"],
  ["no deletion protection", "deletion-protection", "aws_db_instance.prod_this"],
  ["no encryption of the database", "unencrypted-database", "aws_db_instance.prod_this"],
  ["no encryption of volumes", "unencrypted-volume", "aws_launch_template.prod_spot"],
  ["no parameter group of its own", "default-parameter-group", "aws_db_instance.prod_this"],
  ["the database's log stays on it", "database-logs", "aws_db_instance.prod_this"],
  ["nobody logs requests", "access-logs", "aws_lb.prod_this"],
  ["IMDSv2 is optional", "imdsv2", "aws_launch_template.prod_spot"],
  [
    "the execution role may be an instance",
    "instance-policy-on-task-role",
    "aws_iam_role_policy_attachment.prod_execution_ec2",
  ],
  ["nothing is tagged", "required-tags", "provider.aws"],
];
