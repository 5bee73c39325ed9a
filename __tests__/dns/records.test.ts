import { afterEach, describe, expect, test } from "vitest";
import { type DnsRecord, type Finding, findRecord, waitForRecords } from "../../dns/records";
import { fromZones, NameServer, type Question } from "./support/server";

const VALUE = "d111111abcdef8.cloudfront.net";
const record = (name = "app.example.com"): DnsRecord => ({ name, type: "CNAME", value: VALUE });
const base = {
  "example.com": { NS: ["ns1.example.net", "ns2.example.net"] },
  "ns1.example.net": { A: ["127.0.0.1"] },
  "ns2.example.net": { A: ["127.0.0.1"] },
};

let server: NameServer | undefined;
const close = () => {
  server?.close();
  server = undefined;
};
afterEach(close);
async function find(answer: (question: Question) => ReturnType<ReturnType<typeof fromZones>>, name?: string) {
  server = await NameServer.open(answer);
  const { port } = server;
  return findRecord(record(name), { resolvers: [`127.0.0.1:${port}`], port });
}

describe("a record at its domain's own name servers", () => {
  test("is there where each of them has it, in whatever letters", async () => {
    const zone = { "app.example.com": { CNAME: ["D111111abcdef8.CloudFront.net"] } };
    expect(await find(fromZones(base, zone))).toMatchObject({
      state: "there",
      said: "the name servers of example.com have it",
    });
  });

  test("is missing as long as one of them does not have it", async () => {
    const zones = fromZones(base, { "app.example.com": {} });
    // The machine's resolver is asked first, then the two servers.
    const finding = await find((question) =>
      question.type === "CNAME" && question.name === "app.example.com" && question.nth === 2
        ? [VALUE]
        : zones(question),
    );
    expect(finding).toMatchObject({ state: "missing" });
    expect(finding.said).toMatch(/^ns[12]\.example\.net has no record of app\.example\.com$/);
  });

  test("is missing where the name does not exist, or leads elsewhere", async () => {
    expect(await find(fromZones(base))).toMatchObject({
      state: "missing",
      said: "ns1.example.net has no record of app.example.com",
    });
    close();
    const elsewhere = { "app.example.com": { CNAME: ["shop.example.org"] } };
    expect(await find(fromZones(base, elsewhere))).toMatchObject({
      state: "missing",
      said: "ns1.example.net says that app.example.com leads to shop.example.org",
    });
  });

  test("is there as an ALIAS, which shows addresses of CloudFront, and missing with others", async () => {
    const apex = (address: string) => ({ "example.com": { ...base["example.com"], A: [address] } });
    const names = {
      "1.113.0.203.in-addr.arpa": { PTR: ["server-203-0-113-1.sfo5.r.cloudfront.net"] },
      "2.113.0.203.in-addr.arpa": { PTR: ["web.example.org"] },
    };
    const right = await find(fromZones(apex("203.0.113.1"), base, names), "example.com");
    expect(right).toMatchObject({ state: "there" });
    close();
    const wrong = await find(fromZones(apex("203.0.113.2"), base, names), "example.com");
    expect(wrong).toMatchObject({
      state: "missing",
      said: "ns1.example.net says that example.com has the address 203.0.113.2, which is not CloudFront's",
    });
  });

  test("is unknown where none of them answers, or nobody serves the domain", async () => {
    const zones = fromZones(base, { "app.example.com": {} });
    const refused = await find((question) =>
      question.name === "app.example.com" && question.nth > 1 ? "refused" : zones(question),
    );
    expect(refused).toMatchObject({ state: "unknown" });
    expect(refused.said).toMatch(/^none of the name servers of example\.com answers: ns1.*EREFUSED; ns2/);
    close();
    expect(await find(fromZones({}))).toMatchObject({
      state: "unknown",
      said: expect.stringContaining("nobody serves app.example.com"),
    });
  });
});

describe("waiting for records", () => {
  const [app, shop] = [record(), record("shop.example.com")];

  /** Virtual seconds, and what is found when. */
  async function wait(states: Readonly<Record<string, readonly Finding["state"][]>>, limit: number) {
    let time = 0;
    const asked: string[] = [];
    const told: string[] = [];
    const findings = await waitForRecords([app, shop], {
      find: async (wanted) => {
        const turn = asked.filter((name) => name === wanted.name).length;
        asked.push(wanted.name);
        const state = states[wanted.name]?.[turn] ?? "missing";
        return { record: wanted, state, said: state };
      },
      limit,
      interval: 10,
      now: () => time,
      sleep: async (milliseconds) => {
        time += milliseconds;
      },
      told: ({ record: { name }, said }) => told.push(`${time} ${name} ${said}`),
    });
    return { states: findings.map(({ state }) => state), asked, told, time };
  }

  test("ends once all are there, asks no more for one that is, and tells what is new", async () => {
    const { states, asked, told } = await wait(
      { [app.name]: ["there"], [shop.name]: ["missing", "missing", "there"] },
      1000,
    );
    expect(states).toEqual(["there", "there"]);
    expect(asked).toEqual([app.name, shop.name, shop.name, shop.name]);
    expect(told).toEqual([`0 ${app.name} there`, `0 ${shop.name} missing`, `20 ${shop.name} there`]);
  });

  test("ends when the time is up, and says what it found last", async () => {
    const { states, time, asked } = await wait({ [app.name]: ["unknown", "there"] }, 35);
    expect(states).toEqual(["there", "missing"]);
    expect(time).toBe(30);
    expect(asked.filter((name) => name === shop.name)).toHaveLength(4);
  });

  test("looks once where no time is given", async () => {
    expect((await wait({}, 0)).asked).toEqual([app.name, shop.name]);
  });
});
