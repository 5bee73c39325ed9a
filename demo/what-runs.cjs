// Which of the images that were pushed the running tasks have, by digest and without asking deploy.
const { BatchGetImageCommand, DescribeImagesCommand, ECRClient } = require("@aws-sdk/client-ecr");
const {
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ListServicesCommand,
  ListTasksCommand,
} = require("@aws-sdk/client-ecs");

/** Says in one line which releases from a repository run in an environment. */
module.exports = async function whatRuns(environment, repositoryName) {
  const digests = await running(new ECSClient({}), environment);
  const names = await releases(new ECRClient({}), repositoryName);
  const words = digests.map((digest) => names.get(digest) ?? digest);
  return `demo: in ${environment} run ${[...new Set(words)].join(" and ") || "no tasks"}\n`;
};

async function running(ecs, cluster) {
  const { serviceArns } = await ecs.send(new ListServicesCommand({ cluster }));
  const { services } = await ecs.send(new DescribeServicesCommand({ cluster, services: serviceArns }));
  const digests = [];
  for (const { serviceName } of services) {
    const { taskArns } = await ecs.send(
      new ListTasksCommand({ cluster, serviceName, desiredStatus: "RUNNING" }),
    );
    if (taskArns.length === 0) continue;
    const { tasks } = await ecs.send(new DescribeTasksCommand({ cluster, tasks: taskArns }));
    digests.push(...tasks.flatMap(({ containers }) => containers.map(({ imageDigest }) => imageDigest)));
  }
  return digests;
}

/** Releases by digest, that of each platform's image included. The environment's own tags are moved by deploy: not these. */
async function releases(ecr, repositoryName) {
  const { imageDetails } = await ecr.send(new DescribeImagesCommand({ repositoryName }));
  const names = new Map();
  for (const { imageDigest, imageTags = [] } of imageDetails) {
    const name = imageTags.find((tag) => /^v\d/.test(tag));
    if (name === undefined) continue;
    const { images } = await ecr.send(
      new BatchGetImageCommand({ repositoryName, imageIds: [{ imageDigest }] }),
    );
    const { manifests = [] } = JSON.parse(images[0].imageManifest);
    for (const digest of [imageDigest, ...manifests.map(({ digest }) => digest)]) names.set(digest, name);
  }
  return names;
}
