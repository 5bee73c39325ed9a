/**
 * The parameter that names the newest image of Amazon Linux 2023, with the Session Manager agent in it.
 * Source: "Launch AL2023 using SSM", AL2023 user guide.
 */
export const AL2023_ARM64 = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64";
