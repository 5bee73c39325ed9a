import { describe, expect, test } from "vitest";
import { libpqVariables } from "../../deploy/daily/libpq";
import { dailyPolicy } from "../../modules/contract/daily-policy";
import { bothDatabases, contract } from "./support/contract";

describe("a connection URL, as variables that clients of libpq read", () => {
  test("keeps what stands in it, decoded", () => {
    expect(
      libpqVariables(
        "postgresql://app.ref:p%40ss%2Fword@db.example.com:6543/my%20app?sslmode=verify-full&options=-csearch_path%3Dshop",
      ),
    ).toEqual({
      PGHOST: "db.example.com",
      PGPORT: "6543",
      PGUSER: "app.ref",
      PGPASSWORD: "p@ss/word",
      PGDATABASE: "my app",
      PGSSLMODE: "verify-full",
      PGOPTIONS: "-csearch_path=shop",
    });
  });

  test("takes an IPv6 address, leaves out what is not said and what libpq does not know", () => {
    expect(libpqVariables("postgres://app@[2001:db8::1]/app?pgbouncer=true")).toEqual({
      PGHOST: "2001:db8::1",
      PGUSER: "app",
      PGDATABASE: "app",
    });
  });

  test("says in libpq's word what node-postgres calls no-verify", () => {
    expect(libpqVariables("postgres://app@db.example.com/app?sslmode=no-verify")).toMatchObject({
      PGSSLMODE: "require",
    });
  });

  test.each([
    "",
    "db.example.com",
    "mysql://app@db.example.com/app",
    "postgres://app:100%@db.example.com/app",
  ])("is none for %j", (text) => {
    expect(libpqVariables(text)).toBeUndefined();
  });
});

describe("policy --for psql", () => {
  const read = (more: object) =>
    dailyPolicy(contract({ database: bothDatabases, ...more }), "psql").Statement.flatMap(
      ({ Action, Resource }) =>
        Action.includes("ssm:GetParameter")
          ? Resource.map((one) => one.replace(/^.*:parameter/, ""))
          : [Action[0]],
    );

  test("reads the URL of a second database, and opens a tunnel only where there is a bastion", () => {
    const parameters = ["/staging/deploy", "/staging/database/*/password", "/staging/database/url"];
    expect(read({ bastion: null })).toEqual(parameters);
    expect(read({ bastion: { instance: "i-1" } })).toEqual([
      ...parameters,
      "ssm:StartSession",
      "ssm:TerminateSession",
    ]);
  });
});
