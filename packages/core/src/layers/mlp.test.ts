import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { tf } from '../tensor/tf.ts';
import { type MlpOptions, mlp } from './mlp.ts';
import { layerModel, rowsOf, runLayer, wave, waveWeights } from './testing.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const embed = 4;
const mlpModel = (options: Partial<MlpOptions> = {}, kept = {}) =>
  layerModel(
    [2, embed],
    (m, x) =>
      mlp(m.child('mlp'), x, m.dim('embed', embed, { prunable: false }), {
        ratio: 1.5,
        ...options,
      }),
    { kept },
  );

const x = wave(2 * embed);

/** The layer in float64 with an activation, on the channels `io` of the stream, zeros elsewhere. */
function reference(
  weights: Record<string, number[]>,
  activation: (value: number) => number,
  io = [0, 1, 2, 3],
) {
  const hidden = weights['mlp.fc1.bias']!.length;
  const affine = (row: number[], layer: string, width: number) =>
    rowsOf(weights[`mlp.${layer}.weight`]!, width).map((w, o) =>
      w.reduce((sum, v, i) => sum + v * row[i]!, weights[`mlp.${layer}.bias`]![o]!),
    );
  return rowsOf(x, embed).flatMap((row) => {
    const read = io.map((channel) => row[channel]!);
    const out = affine(affine(read, 'fc1', io.length).map(activation), 'fc2', hidden);
    return row.map((_, channel) => (io.includes(channel) ? out[io.indexOf(channel)]! : 0));
  });
}

const expectClose = (actual: readonly number[], expected: readonly number[]) =>
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 5));

test('it is fc2(activation(fc1(x))), the hidden width a multiple of the embedding', () => {
  const model = mlpModel({ activation: (value) => tf.relu(value) });
  const weights = waveWeights(model);
  expect(model.params.map(({ name, shape }) => [name, shape])).toEqual([
    ['mlp.fc1.weight', [6, 4]],
    ['mlp.fc1.bias', [6]],
    ['mlp.fc2.weight', [4, 6]],
    ['mlp.fc2.bias', [4]],
  ]);
  const { y } = runLayer(model, x, weights);
  expectClose(
    y,
    reference(weights, (value) => Math.max(value, 0)),
  );
});

test('its activation is the exact GELU by default', () => {
  const model = mlpModel();
  const weights = {
    'mlp.fc1.weight': Array(24).fill(0),
    'mlp.fc1.bias': [1, 0, 0, 0, 0, 0],
    'mlp.fc2.weight': [1, ...Array(23).fill(0)],
    'mlp.fc2.bias': [0, 0, 0, 0],
  };
  // GELU(1) = Phi(1); the tanh approximation gives 0.841192.
  expect(runLayer(model, x, weights).y[0]).toBeCloseTo(0.8413447, 6);
});

test('a ratio that gives no whole number is rounded down', () => {
  expect(mlpModel({ ratio: 1.4 }).dims.get('mlp.hidden')?.size).toBe(5);
});

describe('a pruned layer', () => {
  test('reads and writes the channels that are left; the others get zeros', () => {
    const model = mlpModel({ activation: (value) => tf.relu(value) }, { 'mlp.io': [1, 3] });
    const weights = waveWeights(model);
    expect(model.params[0]!.shape).toEqual([6, 2]);
    const { y, taps } = runLayer(model, x, weights);
    expect(taps['mlp.in']).toEqual([x[1], x[3], x[5], x[7]]);
    expectClose(
      y,
      reference(weights, (value) => Math.max(value, 0), [1, 3]),
    );
  });

  test('costs less by what it lacks', () => {
    expect(mlpModel().macs.total).toBe(2 * (4 * 6 + 6 * 4));
    const kept = { 'mlp.io': [1, 3], 'mlp.hidden': [0, 4, 5] };
    expect(mlpModel({}, kept).macs.total).toBe(2 * (2 * 3 + 3 * 2));
  });
});

test('dropout acts after each layer, under names of its own', () => {
  const asked: [string, readonly number[]][] = [];
  const model = mlpModel({ drop: 0.5 });
  runLayer(model, x, waveWeights(model), {
    training: true,
    draw: (name, shape) => {
      asked.push([name, shape]);
      return tf.ones([...shape]);
    },
  });
  expect(asked).toEqual([
    ['mlp.drop1.dropout', [1, 2, 6]],
    ['mlp.drop2.dropout', [1, 2, 4]],
  ]);
});
