import { beforeAll, describe, expect, test } from 'vitest';
import { createEagerEngine } from '../engine/eager.ts';
import { zeros } from '../model/initializer.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { type AttentionOptions, attention, joinHeads, splitHeads } from './attention.ts';
import { layerModel, rowsOf, runLayer, wave, waveWeights } from './testing.ts';

beforeAll(async () => {
  await createEagerEngine({ backend: 'cpu' });
});

const [tokens, embed, heads] = [3, 4, 2];

type Matrix = readonly (readonly number[])[];

const attentionModel = (options: Partial<AttentionOptions> = {}, kept = {}) =>
  layerModel(
    [tokens, embed],
    (m, x) =>
      attention(m.child('attn'), x, m.dim('embed', embed, { prunable: false }), {
        heads,
        ...options,
      }),
    { kept },
  );

/** x W^T + b */
const affine = (x: Matrix, weight: Matrix, bias: readonly number[]) =>
  x.map((row) => weight.map((w, o) => w.reduce((sum, v, i) => sum + v * row[i]!, bias[o]!)));

const softmax = (row: readonly number[]) => {
  const powers = row.map(Math.exp);
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
};

interface Reference {
  width?: number;
  /** Added to the score of a query and a key in a head. */
  bias?: (head: number, query: number, key: number) => number;
  weights: Record<string, number[]>;
}

/** Multi-head attention of one image in float64, as Vaswani et al. 2017 define it, in 3.2. */
function reference(x: readonly number[], { width = embed / heads, bias, weights }: Reference) {
  const all = heads * width;
  const qkv = affine(
    rowsOf(x, embed),
    rowsOf(weights['attn.qkv.weight']!, embed),
    weights['attn.qkv.bias'] ?? Array(3 * all).fill(0),
  );
  const context = rowsOf(Array(tokens * all).fill(0), all);
  const probabilities: number[] = [];
  for (let head = 0; head < heads; head++) {
    const part = (row: readonly number[], which: number) =>
      row.slice(which * all + head * width, which * all + (head + 1) * width);
    qkv.forEach((own, query) => {
      const scores = qkv.map((other, key) => {
        const product = part(own, 0).reduce((sum, q, i) => sum + q * part(other, 1)[i]!, 0);
        return product / Math.sqrt(width) + (bias?.(head, query, key) ?? 0);
      });
      softmax(scores).forEach((p, key) => {
        probabilities.push(p);
        part(qkv[key]!, 2).forEach((v, i) => {
          context[query]![head * width + i]! += p * v;
        });
      });
    });
  }
  const out = affine(
    context,
    rowsOf(weights['attn.proj.weight']!, all),
    weights['attn.proj.bias']!,
  );
  return { y: out.flat(), probabilities };
}

const expectClose = (actual: readonly number[], expected: readonly number[]) => {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, 5));
};

const x = wave(tokens * embed);

test.each<[string, Partial<AttentionOptions>, number | undefined]>([
  ['with biases', {}, undefined],
  ['without biases', { qkvBias: false }, undefined],
  ['with heads of another width than the embedding divided by them', { headDim: 3 }, 3],
])('%s, it is softmax(q k^T / sqrt(d)) v', (_, options, width) => {
  const model = attentionModel(options);
  const weights = waveWeights(model);
  const { y, taps, shape } = runLayer(model, x, weights);
  const expected = reference(x, { width, weights });
  expect(shape).toEqual([1, tokens, embed]);
  expectClose(y, expected.y);
  expectClose(taps['attn.weights']!, expected.probabilities);
});

test('images of a batch do not see each other', () => {
  const model = attentionModel();
  const weights = waveWeights(model);
  const other = wave(tokens * embed, 5);
  const { y } = runLayer(model, [...x, ...other], weights);
  expectClose(y, [...reference(x, { weights }).y, ...reference(other, { weights }).y]);
});

test('attention is equivariant: permuted tokens give the permuted result', () => {
  const model = attentionModel();
  const weights = waveWeights(model);
  const rows = rowsOf(x, embed);
  const order = [2, 0, 1];
  const { y } = runLayer(
    model,
    order.flatMap((i) => rows[i]!),
    weights,
  );
  const plain = rowsOf(runLayer(model, x, weights).y, embed);
  expectClose(
    y,
    order.flatMap((i) => plain[i]!),
  );
});

test('a bias is added to the scores, and those of the windows take turns in the batch', () => {
  const bias = (window: number) => (head: number, query: number, key: number) =>
    Math.sin(7 * window + 5 * head + 3 * query + key);
  const all = [0, 1].flatMap((window) =>
    [0, 1].flatMap((head) =>
      [0, 1, 2].flatMap((query) => [0, 1, 2].map((key) => bias(window)(head, query, key))),
    ),
  );
  const model = layerModel([2 * tokens, embed], (m, image) => {
    const windows = tf.reshape(image, [-1, tokens, embed]);
    return attention(m.child('attn'), windows, m.dim('embed', embed, { prunable: false }), {
      heads,
      scoreBias: () => m.param('bias', [2, heads, tokens, tokens], zeros),
    });
  });
  const weights = { ...waveWeights(model), bias: all };
  const parts = [0, 1, 2, 3].map((i) => wave(tokens * embed, i));
  const { y } = runLayer(model, parts.flat(), weights);
  expectClose(
    y,
    parts.flatMap((part, i) => reference(part, { bias: bias(i % 2), weights }).y),
  );
});

describe('what is left after pruning', () => {
  test('scores keep the scale of the whole head', () => {
    const kept = { 'attn.qk': [1, 2], 'attn.v': [0, 1, 2, 3] };
    const model = attentionModel({}, kept);
    const whole = attentionModel();
    const weights = waveWeights(whole);
    // The same layer whose other channels of q and k are 0.
    const masked = { ...weights };
    masked['attn.qkv.weight'] = weights['attn.qkv.weight']!.map((w, i) =>
      [0, 3, 4, 7].includes(Math.floor(i / embed)) ? 0 : w,
    );
    masked['attn.qkv.bias'] = weights['attn.qkv.bias']!.map((b, i) =>
      [0, 3, 4, 7].includes(i) ? 0 : b,
    );
    const rows = [1, 2, 5, 6, 8, 9, 10, 11];
    const pruned = {
      ...weights,
      'attn.qkv.weight': rows.flatMap((row) => rowsOf(weights['attn.qkv.weight']!, embed)[row]!),
      'attn.qkv.bias': rows.map((row) => weights['attn.qkv.bias']![row]!),
    };
    expectClose(runLayer(model, x, pruned).y, runLayer(whole, x, masked).y);
  });

  test('a head less is a head less in the scores', () => {
    const kept = { 'attn.qk': [2, 3], 'attn.v': [2, 3] };
    const model = attentionModel({}, kept);
    expect(model.taps.find(({ role }) => role === 'weights')?.name).toBe('attn.weights');
    expect(runLayer(model, x, waveWeights(model)).taps['attn.weights']).toHaveLength(
      tokens * tokens,
    );
    expect(model.dims.get('attn.qk')).toMatchObject({ groups: 1, groupIds: [1], fullGroups: 2 });
  });

  test('other heads in qk than in v are refused', () => {
    const kept = { 'attn.qk': [0, 1], 'attn.v': [2, 3] };
    expect(() => attentionModel({}, kept)).toThrow(
      expect.objectContaining({ code: 'SELECTION_HEADS', where: 'attn' }),
    );
  });
});

test('the cost is that of the layers and of the two products', () => {
  const { macs } = attentionModel({ headDim: 3 });
  const width = heads * 3;
  expect(macs.linear).toBe(tokens * embed * 3 * width + tokens * width * embed);
  expect(macs.attention).toBe(2 * tokens * tokens * width);
  const pruned = attentionModel({}, { 'attn.qk': [0, 2] });
  expect(pruned.macs.attention).toBe(tokens * tokens * (2 + embed));
});

test('a tap of the weights can replace them', () => {
  const model = attentionModel();
  const weights = waveWeights(model);
  const { y, taps } = runLayer(model, x, weights, {
    tap: (value, { role }) => (role === 'weights' ? tf.zerosLike(value) : value),
  });
  expect(taps['attn.context']!.every((value) => value === 0)).toBe(true);
  expectClose(
    y,
    [0, 1, 2].flatMap(() => weights['attn.proj.bias']!),
  );
});

test('dropout on the weights acts in training, on the weights of that call', () => {
  const model = attentionModel({ attnDrop: 0.5 });
  const weights = waveWeights(model);
  const drawn: string[] = [];
  const draw = (name: string, shape: readonly number[]): Tensor => {
    drawn.push(name);
    return tf.fill([...shape], 0.2);
  };
  // 0.2 + 0.5 is below 1: every weight is dropped.
  const { taps } = runLayer(model, x, weights, { training: true, draw });
  expect(drawn).toEqual(['attn.attn_drop.dropout']);
  expect(taps['attn.context']!.every((value) => value === 0)).toBe(true);
});

describe('heads as entries of the batch', () => {
  // Entry [image, token, channel] is 100 image + 10 token + channel.
  const values = [0, 1].flatMap((image) =>
    [0, 1, 2].flatMap((token) => [0, 1, 2, 3].map((c) => 100 * image + 10 * token + c)),
  );

  test('each head has its channels, head after head within an image', () => {
    const split = splitHeads(tf.tensor(values, [2, 3, 4]), 2);
    expect(split.shape).toEqual([4, 3, 2]);
    expect([...split.dataSync()]).toEqual([
      ...[0, 1, 10, 11, 20, 21, 2, 3, 12, 13, 22, 23],
      ...[100, 101, 110, 111, 120, 121, 102, 103, 112, 113, 122, 123],
    ]);
  });

  test.each([1, 2, 4])('joining undoes splitting into %i', (count) => {
    const joined = joinHeads(splitHeads(tf.tensor(values, [2, 3, 4]), count), count);
    expect(joined.shape).toEqual([2, 3, 4]);
    expect([...joined.dataSync()]).toEqual(values);
  });
});
