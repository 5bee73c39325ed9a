import { z } from "zod";
import { wildcardOf } from "../contract/move";
import { hostname } from "../distribution/props";
import { show } from "../mistakes";
import { options, optionalPart } from "../options";

/** CloudFront takes 443 and ports from 1024 on. Source: "HTTPS port", CloudFront guide. */
function isOrigin(text: string): boolean {
  const [, host, port = "443"] = /^https:\/\/([^:/]+)(?::(\d+))?$/.exec(text) ?? [];
  return (
    hostname.safeParse(host).success && (port === "443" || (Number(port) >= 1024 && Number(port) <= 65535))
  );
}

const fromOptions = options({
  /**
   * Address of the old platform's own, which answers there for as long as the move takes: `"https://abc.us-west-2.awsapprunner.com"`.
   * CloudFront calls it by this name, and with HTTPS alone.
   */
  origin: z.string().refine(isOrigin, {
    error: ({ input }) =>
      `${show(input)} is no address that CloudFront can call: write https://, the host in lower case, and a port where it is not 443 (1024 to 65535), nothing behind it.`,
  }),
  /** The name that people type, among `distribution.domain.names`. Its records are changed by `slipway move`, not by an apply. */
  domain: hostname,
  /**
   * The CloudFront distribution that has the domain today, where one stands before the old platform: its id, `"E1A2B3C4D5E6F7"`, or, of
   * another account, its ARN, `"arn:aws:cloudfront::111122223333:distribution/E1A2B3C4D5E6F7"`. CloudFront gives a name to one
   * distribution alone: `slipway move <environment> front` takes it from there. From another account it goes by a wildcard, so that a
   * `distribution.domain.certificate` of your own must hold `*.example.com` beside `app.example.com`.
   */
  distribution: z
    .string()
    .regex(/^(arn:aws:cloudfront::\d{12}:distribution\/)?E[A-Z0-9]+$/, {
      error: ({ input }) =>
        `${show(input)} is no distribution: say its id, as in E1A2B3C4D5E6F7 (aws cloudfront list-distributions tells it), or its ARN where another account has it.`,
    })
    .optional(),
});

export const moveOptions = options({
  /** Where the compute comes from: CloudFront stands in front of both sides, and passes viewers over by and by. @default false */
  from: optionalPart(fromOptions).default(false),
  /**
   * Whether the data comes, too: services use a database that is elsewhere until `slipway move <environment> flip`, and the
   * environment's own from then on.
   * @default false
   */
  database: z.boolean().default(false),
}).refine(({ from, database }) => from || database, {
  error: "moves nothing: say from, database: true or both, or leave move out.",
});

/** What a file says of a move. */
export interface MoveProps extends z.input<typeof moveOptions> {}
export type MoveConfiguration = z.output<typeof moveOptions>;
/** Where the compute comes from. */
export type MoveFrom = Exclude<MoveConfiguration["from"], false>;

export const move = optionalPart<typeof moveOptions, never, MoveProps>(moveOptions);

/**
 * The wildcard by which the environment's distribution answers for the domain until `move` is out of the file, where another account's
 * has the name itself: CloudFront goes by the name that is more exact, whichever distribution its record leads to. The top of a zone
 * has none. Source: "Move an alternate domain name", CloudFront guide.
 */
export function wildcardFor({ distribution, domain }: MoveFrom, zone: string | false): string | undefined {
  const isElsewhere = distribution?.startsWith("arn:") === true;
  const hasWildcard = domain !== zone && domain.split(".").length > 2;
  return isElsewhere && hasWildcard ? wildcardOf(domain) : undefined;
}

/** Host and port of the old platform's address. */
export function hostOf({ origin }: MoveFrom): { readonly host: string; readonly port: number } {
  const { hostname: host, port } = new URL(origin);
  return { host, port: port === "" ? 443 : Number(port) };
}
