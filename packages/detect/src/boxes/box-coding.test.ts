import { type Tensor, tf } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { close, engines, expectClose, fixture, listOf, runOn } from '../testing.ts';
import { decodeBoxes, encodeBoxes } from './box-coding.ts';

const tensors = await fixture('detection_ops');
const [reference, proposals] = [tensors['box.reference']!, tensors['box.proposals']!];
const weights = [10, 10, 5, 5] as const;

describe.each(Object.entries(engines))('on %s', (_, makeEngine) => {
  test("coding and decoding are torchvision's, and undo each other", async () => {
    const op = ({ a, b, d }: Record<string, Tensor>) => ({
      deltas: encodeBoxes(a!, b!, weights),
      decoded: decodeBoxes(d!, b!, weights),
      again: decodeBoxes(encodeBoxes(a!, b!), b!),
    });
    const given = { a: reference, b: proposals, d: tensors['box.deltas']! };
    const { deltas, decoded, again } = await runOn(makeEngine, op, given);
    expectClose(deltas!, tensors['box.deltas']!, 1e-5);
    expectClose(decoded!, tensors['box.decoded']!, 1e-5);
    expectClose(again!, reference, 1e-4);
  });
});

const anchor = () => tf.tensor2d([[10, 20, 20, 40]]);

// Shifts in sizes of the anchor, and logarithms of the sizes' ratios.
test.each([
  ['itself', [10, 20, 20, 40], [0, 0, 0, 0]],
  ['to the right and down', [15, 30, 25, 50], [0.5, 0.5, 0, 0]],
  ['twice as wide', [5, 20, 25, 40], [0, 0, Math.LN2, 0]],
  ['half as tall, at the top', [10, 20, 20, 30], [0, -0.25, 0, -Math.LN2]],
])('by hand: %s', async (_, box, deltas) => {
  expect(await listOf(() => encodeBoxes(tf.tensor2d([box]), anchor()))).toEqual(close(deltas));
  expect(await listOf(() => decodeBoxes(tf.tensor2d([deltas]), anchor()))).toEqual(close(box, 4));
  const each = [2, 3, 5, 7] as const;
  const weighted = deltas.map((x, i) => x * each[i]!);
  expect(await listOf(() => encodeBoxes(tf.tensor2d([box]), anchor(), each))).toEqual(
    close(weighted),
  );
  expect(await listOf(() => decodeBoxes(tf.tensor2d([weighted]), anchor(), each))).toEqual(
    close(box, 4),
  );
});

test('sizes grow by at most 1000 / 16, and shrink without a limit', async () => {
  const decoded = (d: number) => listOf(() => decodeBoxes(tf.tensor2d([[0, 0, d, d]]), anchor()));
  const [left, top, right, bottom] = await decoded(50);
  expect(right! - left!).toBeCloseTo(625, 2);
  expect(bottom! - top!).toBeCloseTo(1250, 2);
  expect(await decoded(-50)).toEqual(close([15, 30, 15, 30]));
});

test('places without a box have finite codes', async () => {
  const empty = tf.zeros([1, 4]);
  for (const x of await listOf(() => encodeBoxes(empty, anchor())))
    expect(Number.isFinite(x)).toBe(true);
  for (const x of await listOf(() => encodeBoxes(anchor(), empty)))
    expect(Number.isFinite(x)).toBe(true);
});
