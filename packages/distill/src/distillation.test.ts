import { Generator, tf } from '@kcr/core';
import { expect, test } from 'vitest';
import { hardDistillationLoss, softDistillationLoss } from './distillation.ts';

const [n, classes] = [4, 5];
const logits = (seed: number) => {
  const generator = new Generator(seed);
  return Float64Array.from({ length: n * classes }, () => 2 * generator.normal());
};
const tensor = (x: Float64Array) => tf.tensor2d(Array.from(x), [n, classes]);

const logSoftmax = (x: Float64Array, i: number, temperature: number) => {
  const row = Array.from(
    x.subarray(i * classes, (i + 1) * classes),
    (value) => value / temperature,
  );
  const shift = Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
  return row.map((value) => value - shift);
};

/** The definitions in float64. */
const definitions = {
  soft: (teacher: Float64Array, student: Float64Array, temperature: number) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const [t, s] = [teacher, student].map((x) => logSoftmax(x, i, temperature));
      t!.forEach((log, c) => (sum += Math.exp(log) * (log - s![c]!)));
    }
    return (sum * temperature ** 2) / n;
  },
  hard: (teacher: Float64Array, student: Float64Array) => {
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const choices = logSoftmax(teacher, i, 1);
      sum -= logSoftmax(student, i, 1)[choices.indexOf(Math.max(...choices))]!;
    }
    return sum / n;
  },
};

const losses = { soft: softDistillationLoss, hard: hardDistillationLoss };

test.each(['soft', 'hard'] as const)(
  '%s: value and gradient are those of the definition',
  (kind) => {
    const [teacher, student] = [logits(1), logits(2)];
    for (const temperature of kind === 'soft' ? [1, 3] : [1]) {
      const loss = (x: tf.Tensor) => losses[kind](tensor(teacher), x, temperature);
      const exact = (x: Float64Array) => definitions[kind](teacher, x, temperature);
      expect(loss(tensor(student)).dataSync()[0]).toBeCloseTo(exact(student), 5);
      const gradient = tf.grad(loss)(tensor(student)).dataSync();
      student.forEach((x, i) => {
        const [up, down] = [1e-5, -1e-5].map((h) => exact(student.with(i, x + h)));
        expect(gradient[i]).toBeCloseTo((up! - down!) / 2e-5, 5);
      });
    }
  },
);

test('a student that equals its teacher has no soft loss', () => {
  expect(softDistillationLoss(tensor(logits(1)), tensor(logits(1)), 2).dataSync()[0]).toBeCloseTo(
    0,
    6,
  );
});
