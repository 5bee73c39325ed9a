/** npm run release:publish: the packages of this repository, as npm run build has written them. Only a workflow runs it: npm trusts no person's token. */
import { join } from "node:path";
import { pendingChangesets, publishPackages } from "./publish";

const ROOT = join(__dirname, "..");
const { GITHUB_SERVER_URL = "", GITHUB_REPOSITORY = "" } = process.env;

const pending = pendingChangesets(join(ROOT, ".changeset"));
if (pending.length > 0) {
  process.stderr.write(`CHANGELOG.md does not tell of ${pending.join(", ")} yet: npx changeset version\n`);
  process.exitCode = 1;
} else
  publishPackages(
    [ROOT, join(ROOT, "dist/slipway-deploy"), join(ROOT, "dist/create-slipway")],
    `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`,
  );
