/**
 * Actions that know no resource: a policy must say `*` for them. Those that list or describe are left to a pattern.
 * Source: the Service Authorization Reference, column "Resource types" of each action.
 */
const WITHOUT_RESOURCE: ReadonlySet<string> = new Set([
  "cloudfront:createvpcorigin",
  "cloudwatch:putmetricdata",
  "ec2:createtags",
  "ecr:getauthorizationtoken",
  "ecr-public:getauthorizationtoken",
  "ecs:createcluster",
  "ecs:discoverpollendpoint",
  "ecs:registertaskdefinition",
  "ecs:deregistertaskdefinition",
  "elasticfilesystem:createfilesystem",
  "kms:createkey",
  "kms:generaterandom",
  "logs:createdelivery",
  "logs:putresourcepolicy",
  "s3:createjob",
  "s3:getaccountpublicaccessblock",
  "secretsmanager:getrandompassword",
  "ssm:updateinstanceinformation",
  "ssmmessages:createcontrolchannel",
  "ssmmessages:createdatachannel",
  "ssmmessages:opencontrolchannel",
  "ssmmessages:opendatachannel",
  "sts:getcalleridentity",
  "sts:getservicebearertoken",
  "sts:decodeauthorizationmessage",
  "tag:getresources",
  "tag:gettagkeys",
  "tag:gettagvalues",
  "xray:putspans",
  "xray:puttelemetryrecords",
  "xray:puttracesegments",
  "xray:getsamplingrules",
  "xray:getsamplingtargets",
]);

/** Whether an action only lists or describes, or knows no resource: on `*` it gives nothing away. */
export function isListAction(action: string): boolean {
  const name = action.toLowerCase();
  return WITHOUT_RESOURCE.has(name) || /^[\w-]+:(describe|list)[a-z*]*$/.test(name);
}
