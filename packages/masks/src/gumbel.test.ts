import { createEagerEngine, Generator, tf } from '@kcr/core';
import { beforeAll, expect, test } from 'vitest';
import { gumbelSigmoid, hardMask, maskEntropy, straightThrough } from './gumbel.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

test('a Gumbel mask is above 1/2 with probability sigmoid(alpha)', () => {
  const generator = new Generator(2);
  const n = 20_000;
  const noise = tf.tensor1d(generator.array(n, 'logistic'));
  for (const alpha of [-1, 0, 2]) {
    const mask = gumbelSigmoid(tf.fill([n], alpha), noise, tf.scalar(0.7));
    const share = tf.mean(straightThrough(mask)).dataSync()[0]!;
    expect(share).toBeCloseTo(1 / (1 + Math.exp(-alpha)), 1.5);
  }
});

test('the mask hardens as the temperature falls', () => {
  const noise = tf.tensor1d([0.2, -1.1]);
  const alpha = tf.tensor1d([1, -1]);
  const spread = [4.5, 1, 0.05].map((tau) => {
    const [a, b] = gumbelSigmoid(alpha, noise, tf.scalar(tau)).dataSync();
    return a! - b!;
  });
  expect(spread[0]).toBeLessThan(spread[1]!);
  expect(spread[1]).toBeLessThan(spread[2]!);
  expect(spread[2]).toBeCloseTo(1, 3);
});

test('straight-through is binary forward and the identity backward', () => {
  const soft = tf.tensor1d([0.2, 0.5, 0.9]);
  expect([...straightThrough(soft).dataSync()]).toEqual([0, 1, 1]);
  const gradient = tf.grad((x) => tf.sum(tf.mul(straightThrough(x), tf.tensor1d([1, 2, 3]))))(soft);
  expect([...gradient.dataSync()]).toEqual([1, 2, 3]);
});

test('evaluation keeps alphas above 0', () => {
  expect([...hardMask(tf.tensor1d([-1, 0, 1e-6])).dataSync()]).toEqual([0, 0, 1]);
});

test('the mask of evaluation has no gradient', () => {
  const gradient = tf.grad((x) => tf.sum(tf.mul(hardMask(x), tf.tensor1d([1, 2]))));
  expect([...gradient(tf.tensor1d([-1, 3])).dataSync()]).toEqual([0, 0]);
});

test('entropy is that of Bernoulli variables', () => {
  const probability = 1 / (1 + Math.exp(-1.5));
  const expected =
    -probability * Math.log(probability) - (1 - probability) * Math.log(1 - probability);
  expect(maskEntropy([tf.tensor1d([3, -3])], tf.scalar(2)).dataSync()[0]).toBeCloseTo(expected, 6);
  expect(maskEntropy([tf.tensor1d([0])], tf.scalar(1)).dataSync()[0]).toBeCloseTo(Math.LN2, 6);
});
