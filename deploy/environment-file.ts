import { existsSync } from "node:fs";
import { join } from "node:path";

interface Written {
  default?: { props?: { name?: string; region?: unknown; preset?: { region?: unknown } } };
}

/**
 * The region that the environment's file names, where deploy runs beside it (`environments/staging.ts`).
 * Undefined without a file, or when it cannot be read: what is wrong with it, `npm run synth` says.
 */
export function writtenRegion(environment: string): string | undefined {
  const file = join(process.cwd(), "environments", `${environment}.ts`);
  if (!existsSync(file)) return undefined;
  try {
    const { name = environment, region, preset } = (require(file) as Written).default?.props ?? {};
    const found = region ?? preset?.region;
    return name === environment && typeof found === "string" ? found : undefined;
  } catch {
    return undefined;
  }
}
