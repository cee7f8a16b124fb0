/** Names that a message proposes. */
const SHOWN = 3;

/** The names that are most like a wrong one, the most similar first: for messages. */
export function nearest(wrong: string, names: readonly string[], count = SHOWN): string[] {
  const distances = new Map(names.map((name) => [name, editDistance(wrong, name)]));
  return names.toSorted((a, b) => distances.get(a)! - distances.get(b)!).slice(0, count);
}

/**
 * What a message says to do about a wrong name: the right one, where there is one that is much like it, and all that there are.
 *
 * @param lead what stands before all names, e.g. `Use one of`
 */
export function didYouMean(wrong: string, names: readonly string[], lead: string): string {
  const all = `${lead} ${names.join(', ')}`;
  const [first] = nearest(wrong, names, 1);
  // At most a third of the letters are wrong.
  const alike = first !== undefined && editDistance(wrong, first) <= Math.ceil(first.length / 3);
  return alike ? `Did you mean ${first}? ${all}` : all;
}

/** The number of letters to put in, take out or change (Levenshtein 1966), row by row. */
function editDistance(a: string, b: string): number {
  const others = [...b];
  let row = Array.from({ length: others.length + 1 }, (_, i) => i);
  [...a].forEach((letter, i) => {
    const next = [i + 1];
    others.forEach((other, j) => {
      const changed = row[j]! + (letter === other ? 0 : 1);
      next.push(Math.min(changed, row[j + 1]! + 1, next[j]! + 1));
    });
    row = next;
  });
  return row.at(-1)!;
}
