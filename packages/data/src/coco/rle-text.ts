import { KcrError } from '@kcr/core';

/** Most characters of a number: 35 bits. */
const LONGEST = 7;

/**
 * Runs from COCO's compressed text: six bits in a character, five of them of a number; from the fourth run on the
 * difference to the run before the last.
 *
 * @param where the text is, for the error
 * @throws KcrError `RLE_TEXT` for other characters than `0` to `o`, and numbers of more than 35 bits or without an end
 */
export function decodeRuns(text: string, where = 'decodeRuns'): number[] {
  const refuse = (found: string): never => {
    throw new KcrError('RLE_TEXT', {
      where,
      found,
      fix: "Give the `counts` of COCO's mask API as they are; in Python `counts.decode()`, not `str(counts)`",
    });
  };
  const runs: number[] = [];
  let at = 0;
  while (at < text.length) {
    let [value, length, bits] = [0, 0, 0];
    do {
      if (at === text.length || length === LONGEST)
        refuse(`a number without an end before character ${at}`);
      bits = text.charCodeAt(at) - 48;
      if (bits < 0 || bits > 63)
        refuse(
          `the character ${JSON.stringify(text[at])} at ${at} of ${JSON.stringify(text.slice(0, 20))}`,
        );
      value += (bits & 0x1f) * 32 ** length;
      length++;
      at++;
    } while (bits & 0x20);
    if (bits & 0x10) value -= 32 ** length;
    runs.push(runs.length > 2 ? value + runs[runs.length - 2]! : value);
  }
  return runs;
}

/** COCO's compressed text of runs. */
export function encodeRuns(runs: ArrayLike<number>): string {
  let text = '';
  for (let i = 0; i < runs.length; i++) {
    let value = i > 2 ? runs[i]! - runs[i - 2]! : runs[i]!;
    for (let more = true; more; ) {
      const bits = value & 0x1f;
      value >>= 5;
      more = bits & 0x10 ? value !== -1 : value !== 0;
      text += String.fromCharCode((more ? bits | 0x20 : bits) + 48);
    }
  }
  return text;
}
