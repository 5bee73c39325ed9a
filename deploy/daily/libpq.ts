/** The parameters of a connection URL that libpq reads from the environment, too. Source: "Environment Variables", libpq. */
const PARAMETERS: Readonly<Record<string, string>> = {
  application_name: "PGAPPNAME",
  channel_binding: "PGCHANNELBINDING",
  connect_timeout: "PGCONNECT_TIMEOUT",
  options: "PGOPTIONS",
  sslmode: "PGSSLMODE",
  sslnegotiation: "PGSSLNEGOTIATION",
  sslrootcert: "PGSSLROOTCERT",
  target_session_attrs: "PGTARGETSESSIONATTRS",
};

/**
 * What clients of libpq read from the environment, by variable, for a connection URL: on a command line everybody on the machine
 * would see the password. Parameters that only other clients know are left out.
 * @returns undefined for what is no URL of a Postgres.
 */
export function libpqVariables(text: string): Record<string, string> | undefined {
  if (!/^postgres(ql)?:\/\//.test(text) || /%(?![0-9a-f]{2})/i.test(text) || !URL.canParse(text))
    return undefined;
  const url = new URL(text);
  const part = (name: string, value: string) => (value === "" ? {} : { [name]: decodeURIComponent(value) });
  const parameters = [...url.searchParams].flatMap(([name, value]) => {
    const variable = PARAMETERS[name];
    // The word of node-postgres for encryption without verification; libpq's is require.
    const own = name === "sslmode" && value === "no-verify" ? "require" : value;
    return variable === undefined ? [] : [[variable, own]];
  });
  return {
    ...part("PGHOST", url.hostname.replace(/^\[(.*)\]$/, "$1")),
    ...part("PGPORT", url.port),
    ...part("PGUSER", url.username),
    ...part("PGPASSWORD", url.password),
    ...part("PGDATABASE", url.pathname.replace(/^\//, "")),
    ...Object.fromEntries(parameters),
  };
}
