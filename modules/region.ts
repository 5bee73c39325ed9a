import { z } from "zod";
import { regions } from "../aws/zones";
import { show } from "./mistakes";

/** How AWS names the regions of its partition `aws`, the one that ARNs here are of: China's begin with cn, others' have four parts. */
const REGION = /^(?!cn)[a-z]{2}-[a-z]+-\d$/;

/** A region. One that is not in the table may be newer than it: `unknownNames` says so. */
export const region = z.string().refine((name) => REGION.test(name), {
  error: (issue) => `${show(issue.input)} is no region; there are ${regions.join(", ")}.`,
});
