/** Parts of a variable's name that say that its value is nobody's business. */
const SECRET_NAME =
  /(^|_)(KEYS?|PASS|PW|PWD|AUTH|DSN|SALT|PEPPER|PRIVATE|CREDENTIALS?|CERT|SIGNATURE)(_|$)|SECRET|PASSWORD|PASSWD|PASSPHRASE|TOKEN|APIKEY|WEBHOOK/i;

/** Values that are secrets whatever their name is. */
const SECRET_VALUES = [
  // A URL with a user or a password, or with a key in its query.
  /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i,
  /[?&;][\w-]*(key|token|secret|password|sig|auth)[\w-]*=/i,
  // What issuers mark as theirs: Stripe, AWS, GitHub, Slack, SendGrid, Google, a JSON Web Token, a PEM block.
  /^([sprw]k|whsec)_|^A[KS]IA[A-Z0-9]|^(gh[a-z]|github_pat)_|^xox[a-z]-|^SG\.|^AIza|^eyJ[\w-]+\.|-----BEGIN /,
  // Documents of credentials.
  /private_key|client_secret|password/i,
  // Long and random: letters and digits without a word's end for twelve of them.
  /^(?=.*?(?=[a-z0-9+]*\d)(?=[a-z0-9+]*[a-z])[a-z0-9+]{12})[\w+/-]{20,}={0,2}$/i,
];

/** Whether nobody but the application may know the value: by its name, or by what it looks like. In doubt it is a secret. */
export const maybeSecret = (name: string, value: string): boolean =>
  SECRET_NAME.test(name) || SECRET_VALUES.some((pattern) => pattern.test(value));

/** Whether a variable holds the URL of a Postgres: by its value, or by its name where the value is not known. */
export const isPostgres = (name: string, value: string | undefined): boolean =>
  value === undefined
    ? /^(DATABASE|POSTGRES(QL)?|PG|DB)_(PRIVATE_)?(UR[LI]|DSN)$|^GOOSE_DBSTRING$/.test(name)
    : /^postgres(ql)?:\/\//.test(value);

/** The value with `$URL` where it names the application's own address: the new environment has another one. */
export const ownAddress = (value: string, addresses: readonly (string | undefined)[]): string =>
  addresses.reduce<string>((changed, address) => {
    if (address === undefined) return changed;
    const plain = address.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    return changed.replaceAll(new RegExp(`${plain}(?![\\w.:-])`, "g"), () => "$URL");
  }, value);
