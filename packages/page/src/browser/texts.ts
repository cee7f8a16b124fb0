import type { Spread } from '@kcr/core/ground';

/** Three digits that count. */
const digits = (value: number) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

/** A share of a whole as people read it. */
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** A time, and its quartiles. */
export const timeText = ({ median, low, high }: Spread): readonly [string, string] => [
  `${digits(median)} ms`,
  `[${digits(low)}, ${digits(high)}]`,
];

/** A ratio, and its quartiles. */
export const speedText = ({ median, low, high }: Spread): readonly [string, string] => [
  `${median.toFixed(2)}×`,
  `[${low.toFixed(2)}, ${high.toFixed(2)}]`,
];

/** Words one after another: a, b and c. */
export const listed = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
