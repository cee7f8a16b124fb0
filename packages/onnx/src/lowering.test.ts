import { defineOp, float32, tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { isLowered, lower, loweringOf } from './lowering.ts';
import { onOnnx } from './testing/run.ts';

const cubeOf = (name: string) =>
  defineOp({
    name,
    inputs: ['x'],
    compute: ({ x }, { scale }: { scale: number }) => tf.mul(tf.mul(tf.square(x), x), scale),
  });
const x = float32([3], [-1, 0, 2]);

test('an op of which nothing is said is written as its definition', async () => {
  const cube = cubeOf('PlainCube');
  expect(isLowered(cube)).toBe(false);
  const y = await onOnnx({ x }, (given) => cube({ x: given.x }, { scale: 0.5 }));
  expect([...y.data]).toEqual([-0.5, 0, 4]);
});

test('an op is written as was said last', async () => {
  const cube = cubeOf('LoweredCube');
  lower(cube, (b, { x }) => b.node('Neg', [b.get(x)]));
  expect(isLowered(cube)).toBe(true);
  const run = () => onOnnx({ x }, (given) => cube({ x: given.x }, { scale: 0.5 }));
  // Another function on purpose: it is the nodes that run.
  expect([...(await run()).data]).toEqual([1, -0, -2]);
  const power = loweringOf(cube);
  lower(cube, (b, { x }, { scale }) =>
    b.node('Mul', [b.node('Pow', [b.get(x), b.scalar(3)]), b.scalar(scale)]),
  );
  expect(loweringOf(cube)).not.toBe(power);
  expect([...(await run()).data]).toEqual([-0.5, 0, 4]);
});
