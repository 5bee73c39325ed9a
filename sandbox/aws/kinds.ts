import { cloudfront } from "./cloudfront";
import { compute } from "./compute";
import { ecs } from "./ecs";
import { elb } from "./elb";
import { iam } from "./iam";
import type { Kinds } from "./kind";
import { network } from "./network";
import { operations } from "./operations";
import { rds } from "./rds";
import { security } from "./security";
import { services } from "./services";
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
  ...cloudfront,
  ...web,
  ...services,
  ...operations,
  ...storage,
};
