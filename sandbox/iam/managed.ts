/**
 * What AWS's own policies allow, of those that are given to roles here, by ARN. Source: AWS Managed Policy Reference, read
 * on 2026-11-21 (AmazonEC2ContainerServiceforEC2Role: version 10).
 */
export const MANAGED_DOCUMENTS: Readonly<Record<string, string>> = {
  "arn:aws:iam::aws:policy/AdministratorAccess": JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
  }),
  "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role": JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Action: [
          "ec2:DescribeTags",
          "ecs:CreateCluster",
          "ecs:DeregisterContainerInstance",
          "ecs:DiscoverPollEndpoint",
          "ecs:Poll",
          "ecs:RegisterContainerInstance",
          "ecs:StartTelemetrySession",
          "ecs:UpdateContainerInstancesState",
          "ecs:Submit*",
          "ecr:GetAuthorizationToken",
          "ecr:BatchCheckLayerAvailability",
          "ecr:GetDownloadUrlForLayer",
          "ecr:BatchGetImage",
          "logs:CreateLogStream",
          "logs:PutLogEvents",
        ],
        Resource: "*",
      },
      {
        Effect: "Allow",
        Action: "ecs:TagResource",
        Resource: "*",
        Condition: { StringEquals: { "ecs:CreateAction": ["CreateCluster", "RegisterContainerInstance"] } },
      },
      {
        Effect: "Allow",
        Action: ["ecs:ListTagsForResource"],
        Resource: ["arn:aws:ecs:*:*:task/*/*", "arn:aws:ecs:*:*:container-instance/*/*"],
      },
    ],
  }),
};
