import { appRunner } from "./app-runner";
import { cloudfront } from "./cloudfront";
import { compute } from "./compute";
import { ecs } from "./ecs";
import { efs } from "./efs";
import { elasticache } from "./elasticache";
import { elb } from "./elb";
import { express } from "./express";
import { iam } from "./iam";
import type { Kinds } from "./kind";
import { kms } from "./kms";
import { network } from "./network";
import { operations } from "./operations";
import { rds } from "./rds";
import { security } from "./security";
import { services } from "./services";
import { sqs } from "./sqs";
import { storage } from "./storage";
import { web } from "./web";

/** All that the sandbox knows of AWS, by resource type. Types without an entry get an id, an ARN, and no checks. */
export const KINDS: Kinds = {
  ...network,
  ...security,
  ...compute,
  ...iam,
  ...rds,
  ...elb,
  ...ecs,
  ...express,
  ...cloudfront,
  ...web,
  ...services,
  ...kms,
  ...operations,
  ...storage,
  ...sqs,
  ...elasticache,
  ...efs,
  ...appRunner,
};
