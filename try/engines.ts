/** A part of the continuation that asks for a newer Node than this project does. Source: `engines` in its package.json. */
interface Part {
  readonly what: string;
  readonly least: readonly [number, number];
  readonly instead: string;
}

const PARTS: readonly Part[] = [
  {
    what: "cdktn-cli 0.24.0 (cdktn plan, cdktn apply)",
    least: [22, 19],
    instead: "cdktf-cli goes on working",
  },
];

/** What cannot run with a version of Node: which it needs, and what does instead. */
export function unsupported(node: string): string[] {
  const [major = 0, minor = 0] = node.split(".").map(Number);
  return PARTS.filter(({ least }) => major < least[0] || (major === least[0] && minor < least[1])).map(
    ({ what, least, instead }) =>
      `${what}: needs Node ${least.join(".")} or later, this is ${node}; ${instead}`,
  );
}
