/** The known word that somebody meant by one that differs from it in a letter or two, or in how it is written; undefined where none is so near. */
export function meant(word: string, known: readonly string[]): string | undefined {
  const bare = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  return known
    .map((one) => ({ one, apart: distance(bare(word), bare(one)) }))
    .filter(({ one, apart }) => apart <= Math.min(2, one.length / 3))
    .sort((a, b) => a.apart - b.apart)[0]?.one;
}

/** How many letters have to be put in, taken out or changed for the one word to become the other (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (const [at, its] of [...other].entries()) {
      const changed = (row[at] ?? 0) + (letter === its ? 0 : 1);
      next.push(Math.min(changed, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
