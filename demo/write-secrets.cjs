// What a person does once with `npm run deploy -- secret set`: gives the secrets their values.
const { PutParameterCommand, SSMClient } = require("@aws-sdk/client-ssm");

/** Writes parameters of these names. */
module.exports = async function writeSecrets(...names) {
  const ssm = new SSMClient({});
  for (const Name of names) {
    await ssm.send(
      new PutParameterCommand({ Name, Value: `demo-${Date.now()}`, Type: "SecureString", Overwrite: true }),
    );
  }
  return "";
};
