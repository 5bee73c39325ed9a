import { resolveProject } from "../../../modules/project";
import type { Project } from "../../../modules/stack";

export const region = "us-west-2";

/** A project with everything that bootstrap can make. */
export const context = {
  project: "app",
  bootstrap: {
    region,
    github: { repository: "owner/infrastructure", services: ["owner@12/web@34"] },
    budget: { monthly: 250, emails: ["ops@example.com"] },
  },
};

/** What the environments know of it: their roles have boundaries. */
export const project = resolveProject(context).project as Project;
