import type { Operations } from "./call";
import { CLUSTERS } from "./ecs-clusters";
import { DEPLOYMENTS } from "./ecs-deployments";
import { EXECUTE_COMMAND } from "./ecs-execute-command";
import { EXPRESS } from "./ecs-express";
import { RUN_TASK } from "./ecs-run-task";
import { SERVICES } from "./ecs-services";
import { TAGS } from "./ecs-tags";
import { TASKS } from "./ecs-tasks";

export const ECS: Operations = {
  ...CLUSTERS,
  ...DEPLOYMENTS,
  ...EXECUTE_COMMAND,
  ...EXPRESS,
  ...RUN_TASK,
  ...SERVICES,
  ...TAGS,
  ...TASKS,
};
