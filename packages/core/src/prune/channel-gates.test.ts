import { expect, test } from 'vitest';
import { makeDim } from '../model/dim.ts';
import { tf } from '../tensor/tf.ts';
import { gateChannels } from './channel-gates.ts';

const [v, other] = [makeDim('v', 2), makeDim('other', 2)];
const gate = ({ name }: { name: string }) => (name === 'v' ? tf.tensor1d([10, 100]) : undefined);

test.each([
  ['v', v, [10, 200]],
  // What multiplies v has multiplied its sums.
  ['context', v, [1, 2]],
  ['hidden', other, [1, 2]],
  ['weights', undefined, [1, 2]],
] as const)('%s', (role, dim, expected) => {
  const gated = gateChannels(tf.tensor2d([[1, 2]]), { role, dim }, gate);
  expect([...gated.dataSync()]).toEqual(expected);
});
