import { describe, expect, it } from "vitest";
import { names, textOf } from "./support/workflows";

/** What the hand-written set-up's workflows got wrong, by the text that shows it. */
const defects: Readonly<Record<string, RegExp>> = {
  "a condition on a ref that never is: refs/head without its s": /refs\/head\//,
  "long-lived access keys": /aws-access-key-id|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY)\s*:/i,
  "a plan of the hand-written kind, with passwords in it, as an artifact":
    /upload-artifact[\s\S]{0,200}path:\s*\S*tfplan\b/,
};

const found = (workflow: string) =>
  Object.entries(defects)
    .filter(([, pattern]) => pattern.test(workflow))
    .map(([defect]) => defect);

/** The three of them in one file, as they stood there. */
const handWritten = `
on: { push: { branches: [main] } }
jobs:
  plan:
    steps:
      - uses: aws-actions/configure-aws-credentials@v4
        with:
          aws-access-key-id: \${{ secrets.KEY }}
      - run: terraform plan -out=tfplan
      - uses: actions/upload-artifact@v4
        with: { name: plan, path: tfplan }
  deploy:
    if: github.ref == 'refs/head/main'
`;

describe("workflows", () => {
  it("with the defects of the hand-written ones are told apart", () => {
    expect(found(handWritten)).toEqual(Object.keys(defects));
    expect(found("if: github.ref == 'refs/heads/main'")).toEqual([]);
  });

  it.each(names)("of this project have none of them: %s", (name) => {
    expect(found(textOf(name))).toEqual([]);
  });
});
