import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { type BatchNormOptions, batchNorm, layerNorm } from './norm.ts';
import { layerModel, rowsOf, runLayer, wave } from './testing.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const expectClose = (actual: readonly number[], expected: readonly number[], digits = 5) => {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, digits));
};

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
const variance = (values: readonly number[]) => mean(values.map((v) => (v - mean(values)) ** 2));

describe('layer norm', () => {
  const weights = { weight: [1, 2, -1], bias: [0, 0.5, 1] };

  test.each([1e-6, 0.5])('each token has mean 0 and variance 1 before its scale, eps %f', (eps) => {
    const x = wave(12);
    const model = layerModel([2, 3], (m, value) => layerNorm(m, value, 3, eps));
    const expected = rowsOf(x, 3).flatMap((row) =>
      row.map((value, i) => {
        const normalised = (value - mean(row)) / Math.sqrt(variance(row) + eps);
        return normalised * weights.weight[i]! + weights.bias[i]!;
      }),
    );
    expectClose(runLayer(model, x, weights).y, expected);
  });

  test("its eps is timm's 1e-6 by default", () => {
    const model = layerModel([1, 2], (m, value) => layerNorm(m, value, 2));
    const small = 1e-3;
    const { y } = runLayer(model, [small, -small], { weight: [1, 1], bias: [0, 0] });
    expectClose(y, [Math.SQRT1_2, -Math.SQRT1_2]);
  });

  test('a token of equal values becomes the bias', () => {
    const model = layerModel([1, 3], (m, value) => layerNorm(m, value, 3));
    expectClose(runLayer(model, [4, 4, 4], weights).y, weights.bias);
  });
});

describe('batch norm', () => {
  const state = {
    weight: [2, -1],
    bias: [0.5, 3],
    running_mean: [1, -2],
    running_var: [4, 0.25],
    num_batches_tracked: [7],
  };
  const model = (options?: BatchNormOptions) =>
    layerModel([2, 3, 2], (m, x) =>
      batchNorm(m, x, m.dim('channels', 2, { prunable: false }), options),
    );
  const x = wave(24);
  const channel = (i: number) => rowsOf(x, 2).map((row) => row[i]!);

  test('in training, frozen statistics are used as in evaluation, and stay', () => {
    const own = model();
    const asked: string[] = [];
    const frozen = (name: string) => asked.push(name) > 0;
    const { y, assigned } = runLayer(own, x, state, { training: true, frozen });
    expect(y).toEqual(runLayer(own, x, state).y);
    expect(assigned).toEqual({});
    expect(asked).toEqual(['running_mean']);
  });

  test.each([1e-5, 0.1])('evaluation uses the running statistics, eps %f', (eps) => {
    const { y, assigned } = runLayer(model({ eps }), x, state);
    expectClose(
      y,
      x.map((value, i) => {
        const std = Math.sqrt(state.running_var[i % 2]! + eps);
        const normalised = (value - state.running_mean[i % 2]!) / std;
        return normalised * state.weight[i % 2]! + state.bias[i % 2]!;
      }),
    );
    expect(assigned).toEqual({});
  });

  test.each([0.1, 0.5])(
    'training uses those of the batch, and moves the running ones by %f',
    (momentum) => {
      const { y, assigned } = runLayer(model({ momentum }), x, state, { training: true });
      expectClose(
        y,
        x.map((value, i) => {
          const own = channel(i % 2);
          const normalised = (value - mean(own)) / Math.sqrt(variance(own) + 1e-5);
          return normalised * state.weight[i % 2]! + state.bias[i % 2]!;
        }),
      );
      const blend = (old: readonly number[], now: (i: number) => number) =>
        old.map((value, i) => (1 - momentum) * value + momentum * now(i));
      expectClose(
        assigned.running_mean!,
        blend(state.running_mean, (i) => mean(channel(i))),
      );
      // Twelve values a channel: the unbiased variance divides by eleven.
      expectClose(
        assigned.running_var!,
        blend(state.running_var, (i) => (variance(channel(i)) * 12) / 11),
      );
      expect(assigned.num_batches_tracked).toEqual([8]);
    },
  );

  test('a channel of one value has the variance 0', () => {
    const single = layerModel([1, 1, 2], (m, value) =>
      batchNorm(m, value, m.dim('channels', 2, { prunable: false })),
    );
    const { y, assigned } = runLayer(single, [5, -3], state, { training: true });
    expectClose(y, state.bias);
    expectClose(assigned.running_var!, [3.6, 0.225]);
  });

  test('statistics are no parameters', () => {
    const kinds = model().params.map(({ name, trainable, decay, dtype }) => [
      name,
      trainable,
      decay,
      dtype,
    ]);
    expect(kinds).toEqual([
      ['weight', true, false, 'float32'],
      ['bias', true, false, 'float32'],
      ['running_mean', false, false, 'float32'],
      ['running_var', false, false, 'float32'],
      ['num_batches_tracked', false, false, 'int32'],
    ]);
    expect(model().parameterCount).toBe(4);
  });
});
