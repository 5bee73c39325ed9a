/** An environment file around an option. Written later in the literal, the option wins. */
export const file = (option: string) => `
import { environment, small } from "../modules/environment";
export default environment({
  preset: small,
  region: "us-west-2",
  registry: "app",
  services: { web: { port: 8080, migrations: true } },
  ${option}
});
`;
