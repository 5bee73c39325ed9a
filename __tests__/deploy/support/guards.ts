/** One line that keeps the deploy from lying, and the tests that fail without it. */
export interface Guard {
  name: string;
  file: string;
  /** The guard as it stands in the file. */
  code: string;
  /** The same place without it. */
  broken: string;
  /** Test file and the beginning of the test's name. */
  test: [file: string, name: string];
}

export const GUARDS: Guard[] = [
  {
    name: "digest check of the migration",
    file: "deploy/one-off-verdict.ts",
    code: 'if (digests && !digests.has(container.imageDigest ?? ""))',
    broken: "if (digests && digests.size === 0)",
    test: ["facts-image.test.ts", "fact 20: a migration that ran another image"],
  },
  {
    name: "digest check of the service: a wrong one",
    file: "deploy/rollout-verdict.ts",
    code: "if (!digest || snapshot.digests.has(digest)) continue;",
    broken: "if (digest || !digest) continue;",
    test: ["verdicts.test.ts", "another image runs beside ours"],
  },
  {
    name: "digest check of the service: a missing one",
    file: "deploy/rollout-verdict.ts",
    code: "if (proven.length < Math.max(1, runningCount))",
    broken: "if (proven.length < 0)",
    test: ["facts-image.test.ts", "fact 20: tasks that report no digest"],
  },
  {
    name: "rollback detection",
    file: "deploy/rollout-verdict.ts",
    code: 'if (!ours) return { standing: "replaced" };',
    broken: 'if (!ours) return { standing: "completed" };',
    test: ["facts-rollout.test.ts", "fact 11: one stable deployment"],
  },
  {
    name: "rollback told apart from superseded",
    file: "deploy/rollout-verdict.ts",
    code: 'if (meaning === "rolled back") {',
    broken: 'if (meaning === "rolled back" && !ours) {',
    test: ["facts-rollout.test.ts", "fact 13: ROLLBACK_IN_PROGRESS"],
  },
  {
    name: "target container by name",
    file: "deploy/task-story.ts",
    code: "task.containers?.find((one) => one.name === name)",
    broken: "task.containers?.find((one) => one.name !== undefined || name)",
    test: ["facts-migration.test.ts", "fact 6: only the target container"],
  },
  {
    name: "grace for MISSING",
    file: "deploy/one-off-verdict.ts",
    code: "export const MISSING_GRACE = 60_000;",
    broken: "export const MISSING_GRACE = 0;",
    test: ["facts-migration.test.ts", "fact 4: MISSING is tolerated"],
  },
  {
    name: "stop on signal",
    file: "deploy/one-off.ts",
    code: "error.wayOut.push(await stop(context, task, error.message));",
    broken: "error.wayOut.push(error.message);",
    test: ["facts-migration.test.ts", "fact 9: SIGINT stops the task"],
  },
  {
    name: "an interrupted success is none",
    file: "deploy/one-off-verdict.ts",
    code: 'if (exitCode !== 0 || cause !== "application")',
    broken: "if (exitCode !== 0)",
    test: ["facts-migration.test.ts", "fact 6: SpotInterruption"],
  },
  {
    name: "an older commit is not put over a newer one",
    file: "deploy/git.ts",
    code: 'return code === 0 ? "older" :',
    broken: 'return code === 0 && other === "" ? "older" :',
    test: ["commits.test.ts", "is refused where a newer commit runs"],
  },
  {
    name: "the tag goes back when nothing was told to deploy",
    file: "deploy/release.ts",
    code: "if (error instanceof Interrupted) await putBack(context, image);",
    broken: "if (error instanceof Interrupted && !image) await putBack(context, image);",
    test: ["interrupts.test.ts", "Ctrl-C between promotion and deployment"],
  },
  {
    name: "somebody else's promotion is not overwritten",
    file: "deploy/promote.ts",
    code: "if (now !== tagged?.digest) throw",
    broken: "if (now === undefined && tagged) throw",
    test: ["facts-image.test.ts", "the tag moved by somebody else during the migration"],
  },
  {
    name: "crashes after RUNNING are counted",
    file: "deploy/rollout-verdict.ts",
    code: "const failure = wrongImage(snapshot) ?? crashLoop(snapshot);",
    broken: "const failure = wrongImage(snapshot) ?? (crashLoop(snapshot) && null);",
    test: ["facts-rollout.test.ts", "fact 14: a crash after RUNNING"],
  },
  {
    name: "one client token for deploys at once",
    file: "deploy/migrate.ts",
    code: 'createHash("sha256").update(parts.join("\\n")).digest("hex")',
    broken: 'createHash("sha256").update(`${parts.length}${Math.random()}`).digest("hex")',
    test: ["interrupts.test.ts", "two deploys of one image at once"],
  },
  {
    name: "passwords are masked",
    file: "deploy/events.ts",
    code: "visible(mask(text))",
    broken: "visible(text)",
    test: ["commands.test.ts", "nothing secret is printed"],
  },
  {
    name: "a change whose answer was lost is looked for",
    file: "deploy/aws/retry.ts",
    code: "if (!lost) throw error;",
    broken: "if (lost || !lost) throw error;",
    test: ["lost-answers.test.ts", "UpdateService lost before it was done"],
  },
  {
    name: "a way back is what a successful deployment ran",
    file: "deploy/facts.ts",
    code: "const completed = isCompleted(await services, group);",
    broken: "const completed = (await services).length > 0;",
    test: ["facts-rollout.test.ts", "a first release that fails is no way back"],
  },
  {
    name: "all are looked at once more where one ended long before another",
    file: "deploy/release.ts",
    code: "while (apart > ONE_MOMENT &&",
    broken: "while (apart < 0 &&",
    test: ["many.test.ts", "one that crashes after its verdict"],
  },
  {
    name: "what was never seen to run at one moment is no success",
    file: "deploy/release.ts",
    code: "if (began > deadline) {",
    broken: "if (began > deadline) return;\n    if (began < 0) {",
    test: ["many.test.ts", "where AWS shows them too slowly"],
  },
];
