import { isIPv6 } from "node:net";

/** An IPv6 block as numbers. */
interface Block {
  readonly base: bigint;
  readonly prefix: number;
}

const BITS = 128;
const lower = (block: Block) => BigInt(BITS - block.prefix);

/** The block that a text names, or undefined where it names none. */
function parse(cidr: string): Block | undefined {
  const [, address = "", length = ""] = /^([0-9a-fA-F:.]+)\/(\d{1,3})$/.exec(cidr) ?? [];
  if (!isIPv6(address) || Number(length) > BITS) return undefined;
  return { base: numberOf(address), prefix: Number(length) };
}

/** Groups before and after the gap of an address, the last two of which may be written as IPv4. */
function numberOf(address: string): bigint {
  const [head = "", tail] = canonicalAddress(address).split("::");
  const groups = (text: string) => text.split(":").filter(Boolean);
  const [before, after] = [groups(head), groups(tail ?? "")];
  const gap = tail === undefined ? [] : Array(8 - before.length - after.length).fill("0");
  return [...before, ...gap, ...after].reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}

const canonicalAddress = (address: string) => new URL(`http://[${address}]/`).hostname.slice(1, -1);

function textOf(address: bigint, prefix: number): string {
  const groups = Array.from({ length: 8 }, (_, at) =>
    ((address >> BigInt(16 * (7 - at))) & 0xffffn).toString(16),
  );
  return `${canonicalAddress(groups.join(":"))}/${prefix}`;
}

/** A block as it is written, its host bits cleared; undefined for what is none. */
export function canonical(cidr: string): string | undefined {
  const block = parse(cidr);
  return block && textOf((block.base >> lower(block)) << lower(block), block.prefix);
}

/** Bits of a block that are the same for all of its addresses. */
export const prefixOf = (cidr: string): number => parse(cidr)?.prefix ?? BITS;

/** Whether the second block lies wholly inside the first. */
export function inside(outer: string, inner: string): boolean {
  const [container, block] = [parse(outer), parse(inner)];
  if (!container || !block || container.prefix > block.prefix) return false;
  return block.base >> lower(container) === container.base >> lower(container);
}

/** The address at some hexadecimal digits in a block, undefined where that is no block. */
export function addressWithin(cidr: string, digits: string): string | undefined {
  const block = parse(cidr);
  return block && textOf(block.base + BigInt(`0x${digits}`), BITS).replace(/\/.*/, "");
}
