import { type FeatureMap, makeDim, type Tensor, tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { close, scopeOf, valuesOf } from '../testing.ts';
import { fpn } from './fpn.ts';

const [dim, channels] = [makeDim('in', 1), makeDim('channels', 1)];
const fine = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const coarse = [100, 200, 300, 400];
const maps = (): FeatureMap[] => [
  { value: tf.tensor4d(fine, [1, 4, 4, 1]), dim, stride: 4 },
  { value: tf.tensor4d(coarse, [1, 2, 2, 1]), dim, stride: 8 },
];
/** Laterals multiply by 2 and by 3, and add a tenth; the convolutions after them pass the middle on. */
function params(): Record<string, Tensor> {
  const middle = tf.tensor4d([0, 0, 0, 0, 1, 0, 0, 0, 0], [1, 1, 3, 3]);
  return Object.fromEntries(
    [0, 1].flatMap((i): [string, Tensor][] => [
      [`lateral_convs.${i}.conv.weight`, tf.fill([1, 1, 1, 1], 2 + i)],
      [`lateral_convs.${i}.conv.bias`, tf.tensor1d([0.1])],
      [`fpn_convs.${i}.conv.weight`, middle],
      [`fpn_convs.${i}.conv.bias`, tf.tensor1d([0])],
    ]),
  );
}

test('by hand: coarser levels are added to finer ones, and further ones are every second position', async () => {
  const values = await valuesOf(() => {
    const levels = fpn(scopeOf(params()).m, maps(), channels, 4);
    expect(levels.map(({ stride }) => stride)).toEqual([4, 8, 16, 32]);
    expect(new Set(levels.map((level) => level.dim))).toEqual(new Set([channels]));
    return Object.fromEntries(levels.map(({ value }, i) => [`${i}`, value]));
  });
  const second = coarse.map((x) => 3 * x + 0.1);
  // Each coarse position lies under 2 x 2 fine ones.
  const first = fine.map((x, i) => 2 * x + 0.1 + second[2 * (i >> 3) + ((i % 4) >> 1)]!);
  expect([...values['0']!.data]).toEqual(close(first, 3));
  expect([...values['1']!.data]).toEqual(close(second, 3));
  expect([...values['2']!.data]).toEqual(close([second[0]!], 3));
  expect([...values['3']!.data]).toEqual(close([second[0]!], 3));
});

test("parameters are OpenMMLab's, and no level is made beyond those asked for", async () => {
  const { m, params: names, taps } = scopeOf();
  await valuesOf(() => {
    expect(fpn(m, maps(), channels)).toHaveLength(2);
    return { y: tf.zeros([1]) };
  });
  const expected = ['lateral_convs', 'fpn_convs'].flatMap((group) =>
    [0, 1].flatMap((i) => ['weight', 'bias'].map((name) => `${group}.${i}.conv.${name}`)),
  );
  expect([...new Set(names)].sort()).toEqual(expected.sort());
  expect(Object.keys(taps).sort()).toEqual(
    [0, 1].flatMap((i) => [`fpn_convs.${i}.in`, `fpn_convs.${i}.out`]).sort(),
  );
});
