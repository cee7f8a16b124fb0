import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { sizeOf } from '../ground/array.ts';
import { Generator } from '../ground/random.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { dropout, dropPath } from './dropout.ts';
import { layerModel, runLayer } from './testing.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const layers = { dropout, dropPath };

/** Runs a layer on images of ones [2, 3], with uniform random numbers that are given. */
function run(layer: keyof typeof layers, rate: number, numbers: number[], training = true) {
  const asked: { name: string; shape: readonly number[]; draw: string }[] = [];
  const model = layerModel([2, 3], (m, x) => layers[layer](m.child('drop'), x, rate));
  const { y } = runLayer(
    model,
    Array(12).fill(1),
    {},
    {
      training,
      draw: (name, shape, draw): Tensor => {
        asked.push({ name, shape, draw });
        return tf.tensor(numbers, [...shape]);
      },
    },
  );
  return { y, asked };
}

test('each value stays where its number is at least the rate, and is scaled up', () => {
  const numbers = [0, 0.24, 0.25, 0.5, 0.75, 0.999, 0.1, 0.9, 0.2, 0.8, 0.3, 0.7];
  const { y, asked } = run('dropout', 0.25, numbers);
  const kept = numbers.map((number) => (number >= 0.25 ? 1 / 0.75 : 0));
  kept.forEach((value, i) => expect(y[i]).toBeCloseTo(value, 6));
  expect(asked).toEqual([{ name: 'drop.dropout', shape: [2, 2, 3], draw: 'uniform' }]);
});

test('a path is dropped for whole images', () => {
  const { y, asked } = run('dropPath', 0.5, [0.4, 0.6]);
  expect(y).toEqual([...Array(6).fill(0), ...Array(6).fill(2)]);
  expect(asked).toEqual([{ name: 'drop.drop_path', shape: [2, 1, 1], draw: 'uniform' }]);
});

describe.each(['dropout', 'dropPath'] as const)('%s', (layer) => {
  test('does nothing in evaluation, nor at a rate of 0, and draws nothing', () => {
    const ones = Array(12).fill(1);
    expect(run(layer, 0.5, [], false)).toEqual({ y: ones, asked: [] });
    expect(run(layer, 0, [])).toEqual({ y: ones, asked: [] });
  });

  test('drops its share of values, and keeps the mean', () => {
    const n = 4000;
    const rate = 0.3;
    const model = layerModel([1, 1], (m, x) => layers[layer](m, x, rate));
    const generator = new Generator(1);
    const draw = (_: string, shape: readonly number[]) =>
      tf.tensor(generator.array(sizeOf(shape), 'uniform'), [...shape]);
    const { y } = runLayer(model, Array(n).fill(1), {}, { training: true, draw });
    const dropped = y.filter((value) => value === 0).length / n;
    // Five standard deviations of a share.
    expect(Math.abs(dropped - rate)).toBeLessThan(5 * Math.sqrt((rate * (1 - rate)) / n));
    const kept = y.filter((value) => value !== 0);
    expect(new Set(kept).size).toBe(1);
    expect(kept[0]).toBeCloseTo(1 / 0.7, 6);
  });
});
