import type { Rows } from "./rows";

const role = "{role:role-named}";

/** What belongs to the account: roles, policies, identity providers, budgets. */
export const accountCalls: Rows = {
  aws_iam_role: {
    create: ["iam:CreateRole role{path}{name}"],
    read: [
      "iam:GetRole role{path}{name}",
      "iam:ListRolePolicies role{path}{name}",
      "iam:GetRolePolicy role{path}{name}",
      "iam:ListAttachedRolePolicies role{path}{name}",
    ],
    update: {
      assume_role_policy: ["iam:UpdateAssumeRolePolicy role{path}{name}"],
      description: ["iam:UpdateRoleDescription role{path}{name}"],
      max_session_duration: ["iam:UpdateRole role{path}{name}"],
      permissions_boundary: ["iam:PutRolePermissionsBoundary role{path}{name} if permissions_boundary"],
    },
    delete: ["iam:ListInstanceProfilesForRole role{path}{name}", "iam:DeleteRole role{path}{name}"],
    tags: ["iam:TagRole", "iam:UntagRole", "role{path}{name}"],
  },
  aws_iam_role_policy: {
    create: [`iam:PutRolePolicy ${role}`],
    read: [`iam:GetRolePolicy ${role}`],
    update: { "*": [`iam:PutRolePolicy ${role}`] },
    delete: [`iam:DeleteRolePolicy ${role}`],
  },
  aws_iam_role_policy_attachment: {
    create: [`iam:AttachRolePolicy ${role}`],
    read: [`iam:ListAttachedRolePolicies ${role}`],
    delete: [`iam:DetachRolePolicy ${role}`],
  },
  aws_iam_policy: {
    create: ["iam:CreatePolicy policy{path}{name}"],
    read: ["iam:GetPolicy policy{path}{name}", "iam:GetPolicyVersion policy{path}{name}"],
    update: {
      policy: [
        "iam:ListPolicyVersions policy{path}{name}",
        "iam:CreatePolicyVersion policy{path}{name}",
        "iam:DeletePolicyVersion policy{path}{name}",
      ],
    },
    delete: ["iam:ListPolicyVersions policy{path}{name}", "iam:DeletePolicy policy{path}{name}"],
    tags: ["iam:TagPolicy", "iam:UntagPolicy", "policy{path}{name}"],
  },
  aws_iam_instance_profile: {
    create: [
      "iam:CreateInstanceProfile instance-profile{path}{name}",
      "iam:AddRoleToInstanceProfile instance-profile{path}{name}",
      `iam:PassRole ${role} to ec2.amazonaws.com`,
    ],
    read: ["iam:GetInstanceProfile instance-profile{path}{name}", `iam:GetRole ${role}`],
    update: {
      role: [
        "iam:RemoveRoleFromInstanceProfile instance-profile{path}{name}",
        "iam:AddRoleToInstanceProfile instance-profile{path}{name}",
        `iam:PassRole ${role} to ec2.amazonaws.com`,
      ],
    },
    delete: [
      "iam:RemoveRoleFromInstanceProfile instance-profile{path}{name}",
      "iam:DeleteInstanceProfile instance-profile{path}{name}",
    ],
    tags: ["iam:TagInstanceProfile", "iam:UntagInstanceProfile", "instance-profile{path}{name}"],
  },
  aws_iam_openid_connect_provider: {
    create: ["iam:CreateOpenIDConnectProvider {url:provider}"],
    read: ["iam:GetOpenIDConnectProvider {url:provider}"],
    update: {
      client_id_list: [
        "iam:AddClientIDToOpenIDConnectProvider {url:provider}",
        "iam:RemoveClientIDFromOpenIDConnectProvider {url:provider}",
      ],
      thumbprint_list: ["iam:UpdateOpenIDConnectProviderThumbprint {url:provider}"],
    },
    delete: ["iam:DeleteOpenIDConnectProvider {url:provider}"],
    tags: ["iam:TagOpenIDConnectProvider", "iam:UntagOpenIDConnectProvider", "{url:provider}"],
  },
  aws_iam_service_linked_role: {
    create: ["iam:CreateServiceLinkedRole role/aws-service-role/{aws_service_name}/*"],
    read: ["iam:GetRole {arn}"],
    update: { description: ["iam:UpdateRoleDescription {arn}"] },
    delete: ["iam:DeleteServiceLinkedRole {arn}", "iam:GetServiceLinkedRoleDeletionStatus {arn}"],
    tags: ["iam:TagRole", "iam:UntagRole", "role/aws-service-role/{aws_service_name}/*"],
  },
  aws_budgets_budget: {
    create: ["budgets:ModifyBudget budget/{name}"],
    read: ["budgets:ViewBudget budget/{name}", "budgets:ListTagsForResource budget/{name}"],
    update: { "*": ["budgets:ModifyBudget budget/{name}"] },
    delete: ["budgets:ModifyBudget budget/{name}"],
    tags: ["budgets:TagResource", "budgets:UntagResource", "budget/{name}"],
  },
};
