import type { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import type { Key } from "../key/key";
import { addressOf } from "../stack";
import { TerraformData } from "../terraform-data";
import type { Connection } from "./connection";
import type { Database } from "./database";
import { RandomPassword, StoredParameter } from "./ephemeral";
import { asTheyAre, createGenerated } from "./generated";
import { userOf } from "./users";

/** Characters of what tells one writing of a password from another. */
const MARK = 8;

export interface LoginProps {
  /** The environment's name. */
  readonly name: string;
  readonly service: string;
  readonly version: number;
  /** Whether it is the version before, which no apply touches any more. */
  readonly kept: boolean;
  readonly key: Key | undefined;
  readonly database: Database;
}

/** One version of a service's login: a user of the database, and the SecureStrings that hold its password. */
export class Login extends Construct implements Connection {
  readonly user: string;
  readonly password: SsmParameter;
  /** A new id whenever the password was written, or the database is another: then it must be made in the database. */
  readonly written: TerraformData;
  readonly url: SsmParameter;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: LoginProps,
  ) {
    super(scope, id);
    this.user = userOf(props.service, props.version);
    this.password = this.createPassword();
    this.written = new TerraformData(this, "written", {
      password: this.password.arn,
      database: props.database.instance.resourceId,
    });
    this.url = this.createUrl();
  }

  /** The name that it goes by once it is made: its user, and which writing of the password. */
  get token(): string {
    return `${this.user}:${Fn.substr(this.written.getStringAttribute("id"), 0, MARK)}`;
  }

  get variables() {
    return { ...this.props.database.variables, PGUSER: this.user };
  }

  parameterArns(url: boolean): string[] {
    return [this.password.arn, ...(url ? [this.url.arn] : [])];
  }

  secretArns(urls: readonly string[]): Record<string, string> {
    const named = urls.map((variable) => [variable, this.url.arn] as const);
    return { PGPASSWORD: this.password.arn, ...Object.fromEntries(named) };
  }

  handWritten() {
    return {};
  }

  private createPassword() {
    const random = new RandomPassword(this, "random_password", 32);
    return this.createSecret("password", "password", random.value, {});
  }

  private createUrl() {
    const { database } = this.props;
    const { value } = new StoredParameter(this, "stored_password", this.password.arn);
    return this.createSecret("url", database.urlName(), database.urlOf(this.user, value), {
      replaceTriggeredBy: [addressOf(this.written), `${addressOf(database.instance)}.address`],
    });
  }

  private createSecret(id: string, name: string, value: string, lifecycle: object) {
    const { name: environment, service, version, kept, key } = this.props;
    return createGenerated(this, id, {
      name: `/${environment}/database/login/${service}/${version}/${name}`,
      value,
      key,
      lifecycle: kept ? asTheyAre : lifecycle,
    });
  }
}
