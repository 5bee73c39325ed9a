import { describe, expect, test } from "vitest";
import { but, least } from "./support/least";
import { synthesizeAll, synthesizeBootstrap } from "./support/synthesize";

const [HOME, OTHER] = ["123456789012", "210987654321"];
const buckets = { stateBucket: "states", stateRegion: "us-west-2" };

const of = (graph: { json: object } | undefined) => {
  const { provider, terraform } = (graph?.json ?? {}) as {
    provider: { aws: { allowed_account_ids?: string[] }[] };
    terraform: { backend: { s3?: { bucket: string; allowed_account_ids?: string[] } } };
  };
  return { provider: provider.aws[0], backend: terraform.backend.s3 };
};

describe("the account", () => {
  test("of an environment's file stands in its provider and its backend alone", () => {
    const { staging, prod } = synthesizeAll(
      { staging: but({ account: HOME }), prod: but({ account: OTHER }) },
      { project: "app", ...buckets },
    );
    expect(of(staging).provider?.allowed_account_ids).toEqual([HOME]);
    expect(of(staging).backend?.allowed_account_ids).toEqual([HOME]);
    expect(of(prod).provider?.allowed_account_ids).toEqual([OTHER]);
  });

  test("of cdktf.json is that of all that name none, bootstrap included", () => {
    const context = { project: "app", account: HOME, ...buckets, bootstrap: { region: "us-west-2" } };
    const { staging, prod } = synthesizeAll({ staging: least, prod: but({ account: OTHER }) }, context);
    expect(of(staging).provider?.allowed_account_ids).toEqual([HOME]);
    expect(of(prod).provider?.allowed_account_ids).toEqual([OTHER]);
    const bootstrap = synthesizeBootstrap({ staging: least }, context);
    expect(of(bootstrap).provider?.allowed_account_ids).toEqual([HOME]);
    expect(of(bootstrap).backend?.allowed_account_ids).toEqual([HOME]);
  });

  test("that every environment names is bootstrap's, too", () => {
    const context = { project: "app", bootstrap: { region: "us-west-2" } };
    const there = but({ account: OTHER });
    const bootstrap = synthesizeBootstrap({ staging: there, prod: there }, context);
    expect(of(bootstrap).provider?.allowed_account_ids).toEqual([OTHER]);
  });

  test.each([
    ["cdktf.json's", { account: HOME }, { staging: least, prod: but({ account: OTHER }) }],
    ["another environment's", {}, { qa: but({ account: HOME }), prod: but({ account: OTHER }) }],
  ])("that is not bootstrap's, %s, is refused: its roles would be made elsewhere", (_, home, files) => {
    const context = { project: "app", ...home, bootstrap: { region: "us-west-2" } };
    expect(() => synthesizeBootstrap(files, context)).toThrow(
      /1 mistake[\s\S]*prod\.account: 210987654321 is another account than that of the bootstrap stack, 123456789012/,
    );
  });

  test.each([
    ["its file's", {}, { qa: HOME, prod: OTHER }],
    ["cdktf.json's", { account: HOME }, { prod: OTHER }],
  ])("of a peer that is another one, beside %s, is refused: no plan would find it", (_, home, accounts) => {
    const inAccounts = (named: { qa?: string; prod?: string }) => ({
      qa: but({ account: named.qa, network: { cidr: "10.1.0.0/16", peering: ["prod"] } }),
      prod: but({ account: named.prod, network: { cidr: "10.2.0.0/16" } }),
    });
    const make = (named: object) => () => synthesizeAll(inAccounts(named), { project: "app", ...home });
    expect(make(accounts)).toThrow(
      /1 mistake[\s\S]*qa\.network\.peering\.0: "prod" is in account 210987654321, this one in 123456789012; peers share an account/,
    );
    expect(make({ qa: HOME, prod: HOME })).not.toThrow();
    expect(make({})).not.toThrow();
  });

  test("that nobody names guards nothing, and changes nothing", () => {
    const { staging } = synthesizeAll({ staging: least }, { project: "app", ...buckets });
    expect(of(staging).provider).not.toHaveProperty("allowed_account_ids");
    expect(of(staging).backend).not.toHaveProperty("allowed_account_ids");
  });
});
