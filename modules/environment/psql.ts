import type { Bastion } from "../bastion/bastion";
import type { Database } from "../database/database";

/** The port on the laptop, beside whatever Postgres runs there. */
const LOCAL_PORT = 15432;

/**
 * One line for a shell: forwards a local port through the bastion, reads the password, opens psql, and closes the
 * forwarding when psql ends. It needs the AWS CLI with its Session Manager plugin, and psql.
 */
export function psqlCommand(region: string, bastion: Bastion, database: Database): string {
  const { PGHOST, PGPORT, PGUSER, PGDATABASE } = database.connection;
  const parameters = `host=${PGHOST},portNumber=${PGPORT},localPortNumber=${LOCAL_PORT}`;
  return [
    `aws ssm start-session --region ${region} --target ${bastion.instance.id} --document-name AWS-StartPortForwardingSessionToRemoteHost --parameters ${parameters} >/dev/null & tunnel=$!`,
    `until nc -z localhost ${LOCAL_PORT} 2>/dev/null; do kill -0 $tunnel || break; sleep 1; done`,
    `PGPASSWORD=$(aws ssm get-parameter --region ${region} --name ${database.password.name} --with-decryption --query Parameter.Value --output text) psql -h localhost -p ${LOCAL_PORT} -U ${PGUSER} ${PGDATABASE}`,
    "kill $tunnel",
  ].join("; ");
}
