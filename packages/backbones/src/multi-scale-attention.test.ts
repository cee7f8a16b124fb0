import { type Architecture, float32, type Kept, Model, tf } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { type MultiScaleAttentionOptions, multiScaleAttention } from './multi-scale-attention.ts';
import { expectClose, run, weightsOf } from './testing.ts';

const [height, width, channels] = [2, 3, 4];

function modelOf(options: MultiScaleAttentionOptions, kept: Kept = {}) {
  const architecture: Architecture = {
    name: 'attention',
    module: 'test',
    contract: 1,
    tokens: 'grid',
    configure: (config) => config,
    input: () => ({ shape: [height, width, channels] as const, classes: 0 }),
    forward(m, image) {
      const y = multiScaleAttention(
        m,
        image,
        m.dim('channels', channels, { prunable: false }),
        options,
      );
      return { logits: y, features: tf.mean(y, [1, 2]), tokens: y, featureMaps: [] };
    },
  };
  return new Model(architecture, {}, kept);
}

const wave = (seed: number) => (i: number) => Math.sin(1.7 * i + 0.11 * i * i + seed);

/** Each parameter another wave; the norm at the end has positive variances. */
const weights = (model: Model) =>
  weightsOf(model, (name, i) => {
    const value = wave([...name].reduce((sum, c) => sum + c.charCodeAt(0), 0))(i);
    return /running_var|tracked/.test(name) ? 1 + value * value : value;
  });

type Matrix = number[][];

/**
 * Linear attention of one branch in float64 (Cai et al. 2023, eq. 2).
 *
 * @param rows of each position, head by head, q, k and v
 */
function linearAttention(rows: Matrix, heads: number, [qk, v]: readonly [number, number]): Matrix {
  const relu = (x: number) => Math.max(x, 0);
  const head = (row: number[], h: number) => row.slice(h * (2 * qk + v), (h + 1) * (2 * qk + v));
  return rows.map((row) =>
    Array.from({ length: heads }, (_, h) => {
      const q = head(row, h).slice(0, qk).map(relu);
      let total = 0;
      const sum = Array<number>(v).fill(0);
      for (const other of rows) {
        const k = head(other, h)
          .slice(qk, 2 * qk)
          .map(relu);
        const similarity = q.reduce((s, x, i) => s + x * k[i]!, 0);
        total += similarity;
        head(other, h)
          .slice(2 * qk)
          .forEach((x, i) => {
            sum[i]! += similarity * x;
          });
      }
      return sum.map((x) => x / (total + 1e-5));
    }).flat(),
  );
}

/** A depthwise convolution of a map, and of each group of channels a 1 x 1 convolution. */
function aggregate(rows: Matrix, kernel: number, depthwise: number[], grouped: Matrix): Matrix {
  const half = (kernel - 1) / 2;
  const near = rows.map((row, position) =>
    row.map((_, c) => {
      const [y, x] = [Math.floor(position / width), position % width];
      let sum = 0;
      for (let i = 0; i < kernel; i++)
        for (let j = 0; j < kernel; j++) {
          const [r, s] = [y + i - half, x + j - half];
          if (r < 0 || s < 0 || r >= height || s >= width) continue;
          sum += depthwise[(c * kernel + i) * kernel + j]! * rows[r * width + s]![c]!;
        }
      return sum;
    }),
  );
  const size = grouped[0]!.length;
  // Groups of the convolution are the q, the k and the v of each head in turn.
  return near.map((row) =>
    grouped.map((filter, o) => {
      const group = Math.floor(o / size);
      return filter.reduce((s, w, i) => s + w * row[group * size + i]!, 0);
    }),
  );
}

const matrix = (values: ArrayLike<number>, columns: number): Matrix =>
  Array.from({ length: values.length / columns }, (_, r) =>
    Array.from({ length: columns }, (_c, c) => values[r * columns + c]!),
  );

const product = (rows: Matrix, weight: Matrix): Matrix =>
  rows.map((row) => weight.map((w) => w.reduce((s, x, i) => s + x * row[i]!, 0)));

function reference(
  state: ReturnType<typeof weights>,
  image: ArrayLike<number>,
  { headDim, scales }: MultiScaleAttentionOptions,
) {
  const heads = channels / headDim;
  const qkv = product(matrix(image, channels), matrix(state['qkv.conv.weight']!.data, channels));
  const branches = scales.map((kernel, i) =>
    aggregate(
      qkv,
      kernel,
      [...state[`aggreg.${i}.0.weight`]!.data],
      matrix(state[`aggreg.${i}.1.weight`]!.data, headDim),
    ),
  );
  const contexts = [qkv, ...branches].map((rows) =>
    linearAttention(rows, heads, [headDim, headDim]),
  );
  const joined = qkv.map((_, position) => contexts.flatMap((rows) => rows[position]!));
  const norm = (name: string) => state[`proj.norm.${name}`]!.data;
  return product(joined, matrix(state['proj.conv.weight']!.data, joined[0]!.length)).flatMap(
    (row) =>
      row.map((value, c) => {
        const std = Math.sqrt(norm('running_var')[c]! + 1e-5);
        return ((value - norm('running_mean')[c]!) / std) * norm('weight')[c]! + norm('bias')[c]!;
      }),
  );
}

const image = float32(
  [1, height, width, channels],
  Array.from({ length: height * width * channels }, (_, i) => wave(2)(i)),
);

test.each<[string, MultiScaleAttentionOptions]>([
  ['the plain branch alone', { headDim: 2, scales: [] }],
  ['a branch of 3 x 3', { headDim: 2, scales: [3] }],
  ['branches of 3 x 3 and 5 x 5', { headDim: 2, scales: [3, 5] }],
  ['one head', { headDim: 4, scales: [3] }],
])('%s: it is ReLU linear attention of q, k, v and of their aggregations', async (_, options) => {
  const model = modelOf(options);
  const state = weights(model);
  const { logits } = await run(model, state, image);
  expectClose(logits, reference(state, image.data, options));
});

test('its parameters have the names and shapes of timm', () => {
  const { params } = modelOf({ headDim: 2, scales: [5] });
  const convolutions = params.filter(({ shape }) => shape.length === 4);
  expect(convolutions.map(({ name, shape }) => [name, shape])).toEqual([
    ['qkv.conv.weight', [12, 4, 1, 1]],
    ['aggreg.0.0.weight', [12, 1, 5, 5]],
    ['aggreg.0.1.weight', [12, 2, 1, 1]],
    ['proj.conv.weight', [4, 8, 1, 1]],
  ]);
});

test('its cost by hand', () => {
  const [n, d, heads] = [6, 2, 2];
  const qkv = n * 4 * 12;
  const aggregation = n * 12 * 9 + n * 12 * d;
  const projection = n * 8 * 4;
  // Two branches, each twice n heads d (d + 1): what keys and values make, and what queries read.
  const attention = 2 * 2 * n * heads * d * (d + 1);
  const linear = qkv + aggregation + projection;
  expect(modelOf({ headDim: 2, scales: [3] }).macs).toEqual({
    linear,
    attention,
    total: linear + attention,
  });
});

describe('what is left after pruning', () => {
  test('the channels of a branch are its own', () => {
    const kept = { 'branches.1.qk': [0, 2], 'branches.1.v': [0, 1, 2, 3] };
    const model = modelOf({ headDim: 2, scales: [3] }, kept);
    const shapes = Object.fromEntries(model.params.map(({ name, shape }) => [name, shape]));
    expect(shapes['qkv.conv.weight']).toEqual([12, 4, 1, 1]);
    // Each head has a row for q, one for k and two for v.
    expect(shapes['aggreg.0.1.weight']).toEqual([8, 2, 1, 1]);
    expect(shapes['proj.conv.weight']).toEqual([4, 8, 1, 1]);
  });

  test('is the whole with the other filters of q and k at 0', async () => {
    const options = { headDim: 2, scales: [3] };
    const whole = weights(modelOf(options));
    const rows = matrix(whole['aggreg.0.1.weight']!.data, 2);
    const second = (row: number) => row % 6 === 1 || row % 6 === 3;
    const masked = rows.map((row, i) => (second(i) ? [0, 0] : row));
    const left = rows.filter((_, i) => !second(i));
    const kept = { 'branches.1.qk': [0, 2], 'branches.1.v': [0, 1, 2, 3] };
    const found = await run(
      modelOf(options, kept),
      { ...whole, 'aggreg.0.1.weight': float32([8, 2, 1, 1], left.flat()) },
      image,
    );
    const state = { ...whole, 'aggreg.0.1.weight': float32([12, 2, 1, 1], masked.flat()) };
    expectClose(found.logits, reference(state, image.data, options));
  });

  test('a head less in an aggregated branch is the whole with its values at 0', async () => {
    const options = { headDim: 2, scales: [3] };
    const whole = weights(modelOf(options));
    const rows = matrix(whole['aggreg.0.1.weight']!.data, 2);
    const kept = { 'branches.1.qk': [2, 3], 'branches.1.v': [2, 3] };
    const proj = matrix(whole['proj.conv.weight']!.data, 8);
    const found = await run(
      modelOf(options, kept),
      {
        ...whole,
        'aggreg.0.1.weight': float32([6, 2, 1, 1], rows.slice(6).flat()),
        'proj.conv.weight': float32(
          [4, 6, 1, 1],
          proj.flatMap((row) => row.filter((_, i) => i !== 4 && i !== 5)),
        ),
      },
      image,
    );
    const masked = rows.map((row, i) => (i < 6 ? [0, 0] : row));
    const state = { ...whole, 'aggreg.0.1.weight': float32([12, 2, 1, 1], masked.flat()) };
    expectClose(found.logits, reference(state, image.data, options));
  });

  test('what proj reads is chosen from all branches together, in any number per head', async () => {
    const options = { headDim: 2, scales: [3] };
    const whole = weights(modelOf(options));
    const kept = { 'branches.0.context': [3], 'branches.1.context': [0, 1, 2] };
    const model = modelOf(options, kept);
    const columns = [3, 4, 5, 6];
    const proj = matrix(whole['proj.conv.weight']!.data, 8);
    const gathered = proj.flatMap((row) => columns.map((i) => row[i]!));
    const found = await run(
      model,
      { ...whole, 'proj.conv.weight': float32([4, 4, 1, 1], gathered) },
      image,
    );
    const masked = proj.flatMap((row) => row.map((x, i) => (columns.includes(i) ? x : 0)));
    const state = { ...whole, 'proj.conv.weight': float32([4, 8, 1, 1], masked) };
    expectClose(found.logits, reference(state, image.data, options));
    expect(found.taps['branches.1.read']).toHaveLength(height * width * 3);
    // Of the layers proj alone has become smaller: 6 positions x 4 columns less x 4 channels.
    expect(model.macs.total).toBe(modelOf(options).macs.total - 6 * 4 * 4);
  });

  test('a head less in the plain branch reads no less of the shared channels', () => {
    const kept = { 'branches.0.qk': [2, 3], 'branches.0.v': [2, 3] };
    const model = modelOf({ headDim: 2, scales: [] }, kept);
    const shapes = Object.fromEntries(model.params.map(({ name, shape }) => [name, shape]));
    expect(shapes['qkv.conv.weight']).toEqual([12, 4, 1, 1]);
    expect(shapes['proj.conv.weight']).toEqual([4, 2, 1, 1]);
  });

  test('other heads in qk than in v are refused', () => {
    const kept = { 'branches.0.qk': [0, 1], 'branches.0.v': [2, 3] };
    expect(() => modelOf({ headDim: 2, scales: [] }, kept)).toThrow(
      expect.objectContaining({ code: 'SELECTION_HEADS' }),
    );
  });
});
