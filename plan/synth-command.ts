import { Children } from "./children";
import { synthesize } from "./synthesize";

/** Writes the stacks to cdktf.out and says which there are. Returns the exit code. */
export async function synthCommand({ json }: { readonly json?: boolean }): Promise<number> {
  const stacks = await synthesize(process.cwd(), new Children());
  const names = stacks.map(({ name }) => name).join(", ");
  process.stdout.write(json ? `${JSON.stringify(stacks, null, 2)}\n` : `${names}: written to cdktf.out\n`);
  return 0;
}
