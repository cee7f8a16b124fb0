import { expect, test } from 'vitest';
import type { Finding, Timings } from './messages.ts';
import { sentenceOf } from './sentence.ts';

const picture = { data: new Uint8ClampedArray(4), width: 1, height: 1 };
const model = (name: string) => ({ name }) as never;
const content = { models: [model('dense'), model('compact')], classes: ['cat', 'dog'] };
const says = (label: number, probability: number): Finding => ({
  picture,
  top: [{ label, probability }],
});
const spread = (median: number) => ({ median, low: median, high: median });
const timings = (speedup: number): Timings => ({
  models: [1, speedup].map((own) => ({ ms: spread(1), speedup: spread(own) })),
  runs: 7,
  prepareMs: 1,
});

test.each<[string, readonly Finding[], Timings | undefined, string | undefined]>([
  ['cat: dense 90.0 % and compact 80.0 %.', [says(0, 0.9), says(0, 0.8)], undefined, undefined],
  [
    'They differ: dense says cat (90.0 %) and compact says dog (60.0 %). The image is labelled dog.',
    [says(0, 0.9), says(1, 0.6)],
    undefined,
    'dog',
  ],
  [
    'cat: dense 90.0 % and compact 80.0 %. On this device compact is 1.50 times as fast as dense.',
    [says(0, 0.9), says(0, 0.8)],
    timings(1.5),
    undefined,
  ],
  [
    'cat: dense 90.0 % and compact 80.0 %. On this device compact is as fast as dense, as far as can be told.',
    [says(0, 0.9), says(0, 0.8)],
    timings(1),
    undefined,
  ],
  [
    'Found: dense 1 and compact 0. On this device compact is slower than dense: 0.50 of its speed.',
    [
      { picture, objects: [{ label: 0, score: 1, box: [0, 0, 1, 1] }] },
      { picture, objects: [] },
    ],
    timings(0.5),
    undefined,
  ],
  [
    'compact agrees with dense on 75.0 % of the pixels.',
    [
      { picture, shares: [{ label: 0, share: 1 }], agreement: 1 },
      { picture, shares: [{ label: 0, share: 0.75 }], agreement: 0.75 },
    ],
    undefined,
    undefined,
  ],
])('%s', (sentence, findings, times, label) =>
  expect(sentenceOf(content, findings, times, label)).toBe(sentence),
);
