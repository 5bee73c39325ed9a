import type { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Construct } from "constructs";
import { createHandWritten } from "../hand-written";
import type { Key } from "../key/key";
import { ITSELF } from "../stack";
import type { Connection } from "./connection";

/** A Postgres that somebody else runs. Its URL is all that is known of it, and a person writes it: no variable can be cut out of it. */
export class ExternalDatabase extends Construct implements Connection {
  /** SecureString: the connection URL. */
  readonly url: SsmParameter;
  readonly variables = {};

  constructor(
    scope: Construct,
    id: string,
    { name, key }: { readonly name: string; readonly key: Key | undefined },
  ) {
    super(scope, id);
    this.url = createHandWritten(this, ITSELF, {
      name: `/${name}/database/url`,
      key,
      description: `URL of the Postgres that ${name} uses, written by hand`,
    });
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
