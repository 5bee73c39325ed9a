import { request } from "node:http";
import { DescribeImagesCommand } from "@aws-sdk/client-ecr";
import { expect, test } from "vitest";
import { SAMPLE } from "../../sandbox/api/sample";
import { FileStore } from "../../sandbox/engine/store";
import { bench, failure, temporary } from "./support";

interface Answer {
  status: number | undefined;
  body: string;
}

/** A call as anybody who finds the port can make it: `fetch` would set Host by itself. */
function call(
  endpoint: string,
  service: string,
  accessKey: string,
  headers: Record<string, string>,
): Promise<Answer> {
  const scope = `${accessKey}/20260101/${SAMPLE.region}/${service}/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
  return new Promise((resolve, reject) => {
    const sent = request(endpoint, { method: "POST", headers: { authorization, ...headers } }, (response) => {
      let body = "";
      response.on("data", (part) => {
        body += part;
      });
      response.once("end", () => resolve({ status: response.statusCode, body }));
    });
    sent.once("error", reject);
    sent.end(service === "sts" ? "Action=GetCallerIdentity" : "{}");
  });
}

const LIST = { "x-amz-target": "AmazonEC2ContainerServiceV20141113.ListClusters" };

test("whoever does not know the access key, or comes from elsewhere, is refused", async () => {
  const { sandbox } = await bench();
  const { endpoint, accessKey } = sandbox;
  expect(accessKey).toMatch(/^AKIA[A-Z2-7]{16}$/);
  expect((await bench()).sandbox.accessKey).not.toBe(accessKey);
  const own = (headers: Record<string, string>) => call(endpoint, "ecs", accessKey, { ...LIST, ...headers });
  expect((await own({})).status).toBe(200);
  const before = sandbox.calls.length;

  const codes: Record<string, string> = {
    ecs: "UnrecognizedClientException",
    s3: "InvalidAccessKeyId",
    sts: "InvalidClientTokenId",
  };
  for (const [service, code] of Object.entries(codes)) {
    const { status, body } = await call(
      endpoint,
      service,
      "AKIASOMEBODYELSE0000",
      service === "ecs" ? LIST : {},
    );
    expect(status).toBe(service === "ecs" ? 400 : 403);
    expect(body).toContain(code);
  }
  const port = new URL(endpoint).port;
  const elsewhere: Record<string, string>[] = [
    { host: `evil.example:${port}` },
    { host: `localhost:${port}` },
    { origin: "https://evil.example" },
    { origin: "null" },
  ];
  for (const headers of elsewhere) expect((await own(headers)).status).toBe(403);
  expect(sandbox.calls).toHaveLength(before);
});

test("names that every object has are unknown services, operations and tags until somebody gives them", async () => {
  const at = await bench({ store: new FileStore(temporary()) });
  const { sandbox } = at;
  const { endpoint, accessKey } = sandbox;
  for (const name of ["constructor", "__proto__", "toString"]) {
    for (const target of [`AmazonEC2ContainerServiceV20141113.${name}`, `${name}.ListClusters`]) {
      const { status, body } = await call(endpoint, "ecs", accessKey, { "x-amz-target": target });
      expect(status).toBe(400);
      expect(JSON.parse(body).__type).toBe("UnknownOperationException");
    }
  }
  const tags = ["constructor", "__proto__"];
  const find = (imageTag: string) =>
    at.ecr.send(new DescribeImagesCommand({ repositoryName: SAMPLE.repository, imageIds: [{ imageTag }] }));
  for (const tag of tags) expect((await failure(find(tag))).name).toBe("ImageNotFoundException");
  const digest = await at.push("named", undefined, tags);
  for (const tag of tags) expect((await find(tag)).imageDetails?.[0]?.imageDigest).toBe(digest);
});
