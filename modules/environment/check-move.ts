import { type Mistake, show } from "../mistakes";
import { healthPath, servicesOf } from "../move/domain";
import { hostOf } from "../move/props";
import type { Configuration } from "./props";

/** What a move needs of the parts that it moves into. Paths are relative to the environment. */
export function* checkMove(configuration: Configuration): Generator<Mistake> {
  yield* checkFrom(configuration);
  yield* checkData(configuration);
}

function* checkFrom({ move, distribution, services }: Configuration): Generator<Mistake> {
  if (!move || !move.from) return;
  const { origin, domain } = move.from;
  if (!distribution || !distribution.domain) {
    yield {
      path: "move.from",
      message: distribution
        ? "needs distribution.domain: name the hosts and their zone, so that CloudFront can answer for both sides."
        : "needs the distribution, which stands in front of both sides, and distribution is false; leave one of them out.",
    };
    return;
  }
  const { names } = distribution.domain;
  if (!names.includes(domain)) {
    yield {
      path: "move.from.domain",
      message: `${show(domain)} is not among distribution.domain.names (${names.join(", ")}); add it there.`,
    };
  } else if (healthPath(services, domain) === undefined) {
    const own = servicesOf(services, domain).map(
      ({ name, health, paths }) => `${name} serves ${paths.join(", ")}, and is asked for ${health.path}`,
    );
    yield {
      path: "move.from.domain",
      message:
        own.length === 0
          ? `${show(domain)} is answered by no service: give one a port and, with hosts, this one among them.`
          : `${show(domain)} has no path by which both sides could be asked whether they answer (${own.join("; ")}): say a health path among the paths that are served.`,
    };
  }
  const { host } = hostOf(move.from);
  if (names.includes(host)) {
    yield {
      path: "move.from.origin",
      message: `${show(origin)} is a name of the distribution itself, and would lead back to it; name the old platform's own address.`,
    };
  }
}

function* checkData({ move, database, network }: Configuration): Generator<Mistake> {
  if (!move || !move.database) return;
  if (network.vpc === undefined && network.nat === false) {
    yield {
      path: "move.database",
      message:
        'needs a way out to the database that is elsewhere, and network.nat is false; say nat: "instance" for as long as it takes.',
    };
  }
  if (!database || database.url !== undefined) {
    yield {
      path: "move.database",
      message: `needs a database that the environment makes, and ${
        database
          ? 'database.url is "external": write the options of the new one there, and the old one\'s URL with slipway secret set.'
          : "database is false; say what it shall be, or leave move.database out."
      }`,
    };
  } else if (database.use !== undefined) {
    yield {
      path: "database.use",
      message: `${show(database.use)} is the move's to say while move.database is there: services are given the one that is elsewhere until slipway move flip; leave it out.`,
    };
  }
}
