// What a person does once with `npm run deploy -- secret set`: gives the secrets their values. Names come as arguments.
const { PutParameterCommand, SSMClient } = require("@aws-sdk/client-ssm");

async function main() {
  const ssm = new SSMClient({});
  for (const Name of process.argv.slice(2)) {
    await ssm.send(
      new PutParameterCommand({ Name, Value: `demo-${Date.now()}`, Type: "SecureString", Overwrite: true }),
    );
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
