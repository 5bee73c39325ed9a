import { Construct } from "constructs";
import { HandWritten } from "../hand-written";
import { ITSELF } from "../stack";
import type { Connection } from "./connection";

/** A Postgres that somebody else runs. Its URL is all that is known of it, and a person writes it: no variable can be cut out of it. */
export class ExternalDatabase extends Construct implements Connection {
  /** SecureString: the connection URL. */
  readonly url: HandWritten;
  readonly variables = {};

  constructor(
    scope: Construct,
    id: string,
    props: { readonly name: string; readonly account: string; readonly region: string },
  ) {
    super(scope, id);
    this.url = new HandWritten(this, ITSELF, { ...props, name: `/${props.name}/database/url` });
  }

  parameterArns() {
    return [this.url.arn];
  }

  secretArns(urls: readonly string[]) {
    return Object.fromEntries(urls.map((variable) => [variable, this.url.arn]));
  }

  handWritten(urls: readonly string[]) {
    return Object.fromEntries(urls.map((variable) => [variable, this.url]));
  }
}
