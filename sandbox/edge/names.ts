import { blocks, text, texts } from "../aws/kind";
import type { Fields } from "../wire/value";
import type { World } from "../world";

/** Seconds that an answer about an alias lives. Source: "TTL", values of alias records, Route 53 guide. */
const ALIAS_TTL = 60;
/** Names that lead from one to the next, at most. */
const MOST_STEPS = 8;

interface Answer {
  readonly name: string;
  readonly ttl: number;
}

/**
 * What a resolver says of names: by the records in the world, and by what it was told before for as long as that lives. A name
 * that no zone of the world holds leads to itself.
 */
export class Names {
  private readonly known = new Map<string, { readonly answer: Answer | undefined; readonly until: number }>();

  constructor(private readonly world: World) {}

  /**
   * The host that a name leads to in the end; undefined where its zone has no address of it.
   * @param time of the sandbox, in milliseconds
   */
  lookUp(name: string, time: number): string | undefined {
    let host = name.toLowerCase();
    for (let step = 0; step < MOST_STEPS; step++) {
      if (!this.isOurs(host)) return host;
      const answer = this.ask(host, time);
      if (!answer) return undefined;
      host = answer.name;
    }
    return undefined;
  }

  private isOurs(host: string): boolean {
    const zones = this.world.derive("edge zones", () =>
      this.world
        .list({ type: "aws_route53_zone" })
        .map(({ attributes }) => text(attributes as Fields, "name")),
    );
    return zones.some((zone) => host === zone || host.endsWith(`.${zone}`));
  }

  private ask(host: string, time: number): Answer | undefined {
    const before = this.known.get(host);
    if (before && before.until > time) return before.answer;
    const answer = answerOf(this.world, host);
    this.known.set(host, { answer, until: time + (answer?.ttl ?? 0) * 1000 });
    return answer;
  }
}

function answerOf(world: World, host: string): Answer | undefined {
  const records = world
    .list({ type: "aws_route53_record", where: { fqdn: host } })
    .map(({ attributes }) => attributes as Fields);
  const record = ["CNAME", "A", "AAAA"]
    .map((type) => records.find((one) => text(one, "type") === type))
    .find(Boolean);
  if (!record) return undefined;
  const [alias] = blocks(record, "alias");
  if (alias) return { name: text(alias, "name").replace(/\.$/, "").toLowerCase(), ttl: ALIAS_TTL };
  const [value = ""] = texts(record, "records");
  return { name: value.replace(/\.$/, "").toLowerCase(), ttl: Number(record.ttl ?? 0) };
}
