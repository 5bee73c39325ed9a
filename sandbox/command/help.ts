import { exitCodesOf } from "../../terminal/exit-codes";

export const HELP = `Runs a command with AWS stood in for: the real Terraform and the real SDK, no account, no credentials, no cost.

  slipway sandbox [options] <command…>

What the command creates is kept in .sandbox/ until --reset.

Options (they may also come without a command):
  --reset                                    forget everything first: the world and its Terraform states
  --empty                                    begin without the zone example.com and the repository "app" that are there
                                             otherwise, the latter until one is applied: with the first command, or with --reset
  --account <twelve digits>                  sign in to this account alone: what is allowed another one only is refused, as AWS's
                                             provider does. Without it each configuration acts in the account that it allows
  --assume                                   take as there, for this command alone, what its configuration only reads or
                                             imports: for plans; the last line says what it was
  --as <role>                                act as a role that bootstrap or an environment made: each call of Terraform and of
                                             AWS's endpoints is checked against its policies, and refused as AWS does
  --with <type>:<name>[@<region>]            add an object that Terraform does not manage
  --edit <type>/<id|name> <attribute>=<json> change something by hand, as in the console (drift)
  --delete <type>/<id|name>                  remove something by hand
  --image <repository>:<tag>=<folder>        push a folder as an image: its commands run for real, as local processes
                                             (<repository>@<region>, <tag>/arm64 where it matters)
  --speed <number>                           how much faster than real time ECS goes on (10)
  --show [type]                              list what exists; with --json for programs
  --help                                     this text

Examples:
  slipway sandbox npx cdktf plan staging
  slipway sandbox npx cdktf apply staging prod --auto-approve
  slipway sandbox npx cdktf output staging
  slipway sandbox --assume terraform -chdir=infra plan
  slipway sandbox --as app-plan-staging npx cdktf plan staging
  slipway sandbox sh
  slipway sandbox --image app:v1=samples/app slipway deploy staging --image v1
  slipway sandbox aws ecs list-clusters
  slipway sandbox --reset --with ecr_repository:api@eu-west-1 --with route53_zone:acme.dev npx cdktf plan prod
  slipway sandbox --reset --empty npx cdktf apply bootstrap
  slipway sandbox --account 210987654321 slipway plan prod
  slipway sandbox --edit ecs_service/web desired_count=5 npx cdktf plan staging
  slipway sandbox --delete cloudwatch_log_group//staging/web
  slipway sandbox --show
  slipway sandbox --show ssm_parameter --json

The options end at the first word that is not one, or at --.
${exitCodesOf("sandbox")}
`;
