import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { type AdamWOptions, adamW, adamWStep } from './adamw.ts';
import { torchAdamW } from './testing.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

/** PyTorch's AdamW over the gradients of some steps. */
const textbook = (
  start: readonly number[],
  steps: readonly { lr: number; gradient: readonly number[] }[],
  options: AdamWOptions,
): number[] =>
  start.map((first, i) => {
    const next = torchAdamW(options);
    return steps.reduce((value, { lr, gradient }) => next(value, gradient[i]!, lr), first);
  });

const start = [1, -2, 0.5];
const steps = [
  { lr: 0.1, gradient: [0.3, -1, 0] },
  { lr: 0.05, gradient: [-0.2, 4, 0.01] },
  { lr: 0.2, gradient: [0.7, 0.5, -0.02] },
];

/** The same by {@link adamW}. */
function run(options: AdamWOptions, parameter: { decay: boolean; rate?: number }): number[] {
  let value: Tensor = tf.tensor1d(start);
  let [m, v]: Tensor[] = [tf.zeros([3]), tf.zeros([3])];
  steps.forEach(({ lr, gradient }, i) => {
    const { size, eps, keep } = adamWStep(i + 1, lr, options);
    const step = { size: tf.scalar(size), eps: tf.scalar(eps), keep: tf.scalar(keep) };
    const moments = { value, gradient: tf.tensor1d([...gradient]), m: m!, v: v! };
    ({ value, m, v } = adamW(moments, step, options, parameter));
  });
  return Array.from(value.dataSync());
}

const close = (values: readonly number[], digits = 6) =>
  values.map((value) => expect.closeTo(value, digits));

describe("AdamW is PyTorch's", () => {
  const cases: Record<string, AdamWOptions> = {
    'with its defaults': { betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0.01 },
    'with an eps that shows': { betas: [0.9, 0.999], eps: 0.3, weightDecay: 0 },
    'with other betas and a strong decay': { betas: [0.5, 0.7], eps: 1e-8, weightDecay: 0.9 },
  };
  test.each(Object.entries(cases))('%s', (_, options) => {
    expect(run(options, { decay: true })).toEqual(close(textbook(start, steps, options)));
  });

  test('without decay for a parameter that is not decayed', () => {
    const options = { betas: [0.9, 0.99], eps: 1e-8, weightDecay: 0.5 } as const;
    const plain = textbook(start, steps, { ...options, weightDecay: 0 });
    expect(run(options, { decay: false })).toEqual(close(plain));
  });

  test.each([true, false])(
    'at a rate, which is a factor of the learning rate; decay: %s',
    (decay) => {
      const options = { betas: [0.9, 0.99], eps: 0.01, weightDecay: 0.5 } as const;
      const slower = steps.map(({ lr, gradient }) => ({ lr: lr * 0.25, gradient }));
      const expected = textbook(start, slower, { ...options, weightDecay: decay ? 0.5 : 0 });
      expect(run(options, { decay, rate: 0.25 })).toEqual(close(expected));
    },
  );
});

test('without eps and decay, the first step is the learning rate against the sign', () => {
  const options = { betas: [0.9, 0.999], eps: 0, weightDecay: 0 } as const;
  const { size, eps, keep } = adamWStep(1, 0.1, options);
  const step = { size: tf.scalar(size), eps: tf.scalar(eps), keep: tf.scalar(keep) };
  const zero = tf.zeros([2]);
  const gradient = tf.tensor1d([1e-3, -50]);
  const { value } = adamW({ value: zero, gradient, m: zero, v: zero }, step, options, {
    decay: true,
  });
  expect(Array.from(value.dataSync())).toEqual(close([-0.1, 0.1]));
});

test('moments are sums: m = beta1 m + g and v = beta2 v + g^2', () => {
  const options = { betas: [0.5, 0.25], eps: 1e-8, weightDecay: 0 } as const;
  const step = { size: tf.scalar(1), eps: tf.scalar(1), keep: tf.scalar(1) };
  const [gradient, m, v] = [tf.tensor1d([3]), tf.tensor1d([2]), tf.tensor1d([8])];
  const next = adamW({ value: tf.tensor1d([0]), gradient, m, v }, step, options, { decay: true });
  expect([next.m.dataSync()[0], next.v.dataSync()[0]]).toEqual([4, 11]);
});
