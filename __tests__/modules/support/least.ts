import { type EnvironmentProps, production, small } from "../../../modules/environment";

/** A service as both environments of the repository have it. */
export const web = {
  port: 8080,
  health: "/health",
  config: { GOOGLE_REDIRECT_URL: "$URL/auth/google/callback", GOOSE_DRIVER: "postgres" },
  secrets: ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"],
  database: ["POSTGRES_URL", "GOOSE_DBSTRING"],
  migrations: true,
} satisfies ServiceProps;

/** The least that is an environment with everything in it, on the preset `small`. */
export const least = {
  preset: small,
  region: "us-west-2",
  registry: "app",
  services: { web },
} satisfies EnvironmentProps;

/** The same on the preset `production`. */
export const larger = { ...least, preset: production } satisfies EnvironmentProps;

/** A VPC that is there already, with the least of its subnets. */
export const existing = {
  vpc: "vpc-0123456789abcdef0",
  subnets: { private: ["subnet-0000000000000000a", "subnet-0000000000000000b"] },
} satisfies EnvironmentProps["network"];

export type ServiceProps = NonNullable<EnvironmentProps["services"]>[string];

/** `least` with other parts. */
export const but = (props: Partial<EnvironmentProps>): EnvironmentProps => ({ ...least, ...props });

/** `least` with another web service. */
export const butWeb = (service: Partial<ServiceProps>): EnvironmentProps =>
  but({ services: { web: { ...web, ...service } } });
