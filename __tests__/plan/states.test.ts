import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findOrphans, otherStates } from "../../plan/states";

const gone = {
  version: 4,
  resources: [
    { mode: "managed", type: "aws_vpc", name: "network", provider: "p", instances: [{ attributes: {} }] },
  ],
};

describe("states in a bucket that these credentials may read in part", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-states-"));
  let server: Server;
  /** What the bucket holds; a state of nobody's is one that may not be read. */
  let states: Readonly<Record<string, object | undefined>>;

  beforeEach(async () => {
    server = createServer(({ url = "" }, response) => {
      const key = /^\/states\/(.+?)\.tfstate/.exec(url)?.[1];
      if (key === undefined) {
        const keys = Object.keys(states).map((name) => `<Contents><Key>${name}.tfstate</Key></Contents>`);
        response.end(`<ListBucketResult>${keys.join("")}</ListBucketResult>`);
      } else if (states[key] === undefined) {
        response
          .writeHead(403)
          .end("<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>");
      } else response.end(JSON.stringify(states[key]));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    vi.stubEnv("AWS_ENDPOINT_URL_S3", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "id");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "key");
    const backend = { s3: { bucket: "states", region: "us-west-2", key: "staging.tfstate" } };
    mkdirSync(join(folder, "staging"), { recursive: true });
    writeFileSync(join(folder, "staging/cdk.tf.json"), JSON.stringify({ terraform: { backend } }));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await new Promise((closed) => server.close(closed));
    rmSync(folder, { recursive: true });
  });

  const stacks = () => [{ name: "staging", folder: join(folder, "staging") }];

  it("are told by their names, beside those that could be read", async () => {
    states = { staging: {}, prod: undefined, gone };
    expect(await findOrphans(folder, stacks())).toEqual({
      found: [{ name: "gone", resources: 1, holding: [] }],
      unread: ["prod"],
    });
  });

  it("keep anybody from taking the bucket away", async () => {
    states = { prod: undefined };
    await expect(otherStates(folder, stacks())).rejects.toThrow(
      "The states of prod cannot be read with these credentials",
    );
    states = { gone };
    expect(await otherStates(folder, stacks())).toEqual([{ name: "gone", state: gone, beside: stacks()[0] }]);
  });
});
