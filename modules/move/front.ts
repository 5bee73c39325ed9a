import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CloudfrontFunction } from "@cdktf/provider-aws/lib/cloudfront-function";
import { CloudfrontKeyValueStore } from "@cdktf/provider-aws/lib/cloudfront-key-value-store";
import { Construct } from "constructs";
import { nameOf } from "../names";
import { ITSELF } from "../stack";
import { hostOf, type MoveFrom } from "./props";

/** The old side among the distribution's origins. */
const OLD_ORIGIN = "old";

interface FrontProps {
  /** The environment's name. */
  readonly name: string;
  readonly from: MoveFrom;
  /** Names that the new side alone answers. */
  readonly newHosts: readonly string[];
  /** The distribution's origin on the new side, by id. */
  readonly newOrigin: string;
  /** Seconds that CloudFront waits for an answer. */
  readonly timeout: number;
}

/**
 * What makes a distribution answer for two sides: a store that `slipway move` writes the share of viewers to, the function that
 * goes by it, and the old side as one more origin. All of them go when the move is over.
 */
export class Front extends Construct {
  readonly store: CloudfrontKeyValueStore;
  readonly function: CloudfrontFunction;
  /** The name whose records are not Terraform's for as long as the move takes. */
  readonly domain: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: FrontProps,
  ) {
    super(scope, id);
    this.domain = props.from.domain;
    this.store = this.createStore();
    this.function = this.createFunction();
  }

  /** The old side, which is called by its own name and with TLS alone. */
  get origin() {
    const { from, timeout } = this.props;
    const { host, port } = hostOf(from);
    return {
      originId: OLD_ORIGIN,
      domainName: host,
      customOriginConfig: {
        httpPort: 80,
        httpsPort: port,
        originProtocolPolicy: "https-only",
        originSslProtocols: ["TLSv1.2"],
        originReadTimeout: timeout,
        originKeepaliveTimeout: 5,
      },
    };
  }

  /** What a behaviour says of it: the function may change the name of an origin that is no VPC's, so the old side is where it starts. */
  get behavior() {
    const functionArn = this.function.arn;
    return {
      targetOriginId: OLD_ORIGIN,
      functionAssociation: ["viewer-request", "viewer-response"].map((eventType) => ({
        eventType,
        functionArn,
      })),
    };
  }

  private createStore() {
    return new CloudfrontKeyValueStore(this, "store", {
      name: nameOf("aws_cloudfront_key_value_store", this.props.name, "move"),
      comment: "Which side answers, written by slipway move",
      // The distribution leaves the function before it goes, and the function the store.
      lifecycle: { createBeforeDestroy: true },
    });
  }

  private createFunction() {
    const { name, from, newOrigin, newHosts } = this.props;
    return new CloudfrontFunction(this, ITSELF, {
      name: nameOf("aws_cloudfront_function", name, "move"),
      comment: "Picks the side that answers, for as long as the move takes",
      runtime: "cloudfront-js-2.0",
      code: frontFunction(hostOf(from).host, newOrigin, newHosts),
      keyValueStoreAssociations: [this.store.arn],
      lifecycle: { createBeforeDestroy: true },
    });
  }
}

/** The function's source for one old side and one new, and the names that the new one alone answers. */
export const frontFunction = (oldHost: string, newOrigin: string, newHosts: readonly string[] = []): string =>
  readFileSync(join(__dirname, "front-function.js"), "utf8")
    .replace("__OLD_HOST__", oldHost)
    .replace("__NEW_ORIGIN__", newOrigin)
    .replace('["__NEW_HOSTS__"]', JSON.stringify(newHosts));
