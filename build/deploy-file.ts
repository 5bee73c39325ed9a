import { writeBundle } from "./bundle";

/** The package's name, and its one file's. */
const NAME = "slipway-deploy";

const README = `# slipway-deploy

The commands of [slipway](https://www.npmjs.com/package/slipway) that need an applied environment alone (deploy, rollback, status, check,
run, copy-image, policy, image, logs, exec, psql, secret, open), in one file without dependencies: \`npx slipway-deploy deploy staging --image v42\`.
`;

/** Writes the package slipway-deploy to a folder: deploy/ and all that it uses in one file. */
export const buildDeployFile = (folder: string): Promise<void> =>
  writeBundle(folder, {
    name: NAME,
    description: "Ships a release into an environment of slipway's, from one file.",
    readme: README,
    input: "deploy/main.ts",
    file: `${NAME}.js`,
    banner: "#!/usr/bin/env node",
    bin: `${NAME}.js`,
  });
