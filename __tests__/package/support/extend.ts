/**
 * What the second argument of `environment` knows by the first, and what an editor marks: a compiler takes this file only where
 * each line below a `@ts-expect-error` is refused.
 */
import { type EnvironmentProps, environment, type Preset, production, small } from "slipway";

const rest = { region: "us-west-2", registry: "app" } as const;
const wide: EnvironmentProps = { ...rest };
const preset: Preset = { ...small };

export const files = [
  environment({ ...rest, preset: small, services: { web: { port: 80 } } }, (own) => {
    own.services.web.environment("IOPS", String(own.database.instance.iops));
    // @ts-expect-error a service that is none
    own.services.wbe;
    // @ts-expect-error a part that is none
    own.databse;
  }),
  environment({ ...rest, preset: production, services: { web: { port: 80 }, "jobs-two": {} } }, (own) => {
    own.services["jobs-two"].environment("HOST", own.database.instance.address);
  }),
  environment({ ...rest, database: { replicas: 1 } }, (own) => own.database.replica),
  environment({ ...rest, database: "db.t4g.small" }, (own) => own.database.instance),
  environment({ ...rest, database: true }, (own) => own.database.instance),
  environment(rest, (own) => own.database.instance),

  environment({ ...rest, database: false }, (own) => {
    // @ts-expect-error no database is made
    own.database.instance;
    // @ts-expect-error no service is named
    own.services.web;
  }),
  environment({ ...rest, database: { url: "external" } }, (own) => {
    // @ts-expect-error it is elsewhere
    own.database.instance;
  }),
  environment({ ...rest, preset: { ...small, database: false } }, (own) => {
    // @ts-expect-error the preset makes none
    own.database.instance;
  }),
  environment({ ...rest, preset }, (own) => {
    own.database?.instance.addOverride("iops", 6000);
    // @ts-expect-error nobody can tell whether there is one
    own.database.instance;
  }),
  environment(wide, (own) => {
    for (const service of Object.values(own.services)) service.allow(["s3:GetObject"], own.account);
    // @ts-expect-error nobody can tell whether there is one
    own.database.instance;
  }),

  // @ts-expect-error an option that is none, of the environment
  environment({ ...rest, servces: {} }, () => {}),
  // @ts-expect-error the same without a second argument
  environment({ ...rest, servces: {} }),
  // @ts-expect-error an option that is none, of a service
  environment({ ...rest, services: { web: { prot: 80 } } }, () => {}),
  // @ts-expect-error an option that is none, of the database
  environment({ ...rest, database: { instanceClas: "db.t4g.small", logins: true } }, () => {}),
  // @ts-expect-error a value that is none
  environment({ ...rest, database: { replicas: 7 } }, () => {}),
];
