import type { CasesByRule } from "./cases";
import { edgeCases, secretCases } from "./cases-kept";
import { exposureCases, permissionCases } from "./cases-network";
import { containerCases, deliveryCases, logCases, tagAndNameCases, versionCases } from "./cases-running";
import { dataCases, encryptionCases } from "./cases-storage";

/** What breaks and what keeps each rule over one stack. */
export const cases: CasesByRule = {
  ...exposureCases,
  ...permissionCases,
  ...encryptionCases,
  ...dataCases,
  ...logCases,
  ...tagAndNameCases,
  ...versionCases,
  ...secretCases,
  ...containerCases,
  ...deliveryCases,
  ...edgeCases,
};
