import { createEagerEngine, makeDim, tf } from '@kcr/core';
import { beforeAll, expect, test } from 'vitest';
import { power } from './power.ts';
import { tapped } from './testing.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const embed = makeDim('embed', 1);
const layout = { height: 1, width: 3, positions: [-1, 0, 1, 2] };
const attention = [
  [
    [0.1, 0.2, 0.3, 0.4],
    [0.4, 0.4, 0.1, 0.1],
    [0.1, 0.1, 0.7, 0.1],
    [0.0, 0.5, 0.0, 0.5],
  ],
  [
    [0.7, 0.1, 0.1, 0.1],
    [0.7, 0.1, 0.1, 0.1],
    [0.7, 0.1, 0.1, 0.1],
    [0.2, 0.1, 0.6, 0.1],
  ],
];

// Columns of the image tokens sum to 1.6, 2.0 and 1.5.
test.each([
  [1, [9, 2]],
  [2, [9, 1, 2]],
  [3, [9, 1, 2, 3]],
])('%i tokens to which all attend most stay', (count, expected) => {
  const { values } = tapped(power({ counts: [count] }), [
    { role: 'weights', value: tf.tensor4d([attention]), layout },
    { role: 'tokens', value: tf.tensor3d([[[9], [1], [2], [3]]]), dim: embed, layout },
  ]);
  expect([...values[1]!.data]).toEqual(expected);
});

test('OPTION for counts out of range', () => {
  expect(() => power({ counts: [-1] })).toThrow(expect.objectContaining({ code: 'OPTION' }));
});
