import { describe, expect, test } from 'vitest';
import { linear } from '../layers/linear.ts';
import { batchNorm } from '../layers/norm.ts';
import { take } from '../model/channel-view.ts';
import { tinyModel } from '../train/testing.ts';
import { type ChannelSumOptions, channelSums } from './channel-sums.ts';
import { prune } from './prune.ts';
import { perceptron, transformer } from './testing.ts';
import { weightValues } from './weight-values.ts';

const lists = (sums: ReadonlyMap<string, Float64Array>) =>
  Object.fromEntries([...sums].map(([name, values]) => [name, [...values]]));

describe('of 0, 1, 2, ... in every parameter', () => {
  const model = perceptron();
  const values = weightValues(model, (_, i) => i);

  test.each<[string, ChannelSumOptions, Record<string, number[]>]>([
    [
      'every axis that has a channel: rows, columns and biases',
      {},
      {
        // Rows 3+12+21+30 of a [4, 3], biases, columns of b [3, 4].
        'a.hidden': [3 + 0 + 12, 12 + 1 + 15, 21 + 2 + 18, 30 + 3 + 21],
        // Rows of b [3, 4], biases, columns of the head [2, 3].
        'b.hidden': [6 + 0 + 3, 22 + 1 + 5, 38 + 2 + 7],
      },
    ],
    [
      'outputs alone',
      { axes: 'outputs' },
      { 'a.hidden': [3, 13, 23, 33], 'b.hidden': [6, 23, 40] },
    ],
    [
      'weights alone',
      { weightsOnly: true },
      { 'a.hidden': [15, 27, 39, 51], 'b.hidden': [9, 27, 45] },
    ],
    [
      'rows alone',
      { axes: 'outputs', weightsOnly: true },
      { 'a.hidden': [3, 12, 21, 30], 'b.hidden': [6, 22, 38] },
    ],
  ])('%s', (_, options, expected) => {
    expect(lists(channelSums(model, values, options))).toEqual(expected);
  });
});

test('what q and k share is summed over both, and v is apart; fixed dimensions have no sums', () => {
  const model = transformer();
  const name = 'blocks.0.attn.qkv.bias';
  const sums = channelSums(model, { [name]: Float64Array.from({ length: 12 }, (_, i) => i) });
  expect(lists(sums)).toEqual({
    'blocks.0.attn.qk': [4, 6, 8, 10],
    'blocks.0.attn.v': [8, 9, 10, 11],
  });
});

test('a filter counts with its whole kernel', () => {
  const model = tinyModel((m, pixels) => {
    const hidden = m.dim('hidden', 2);
    m.param('filter', [hidden, 3, 2], () => new Float32Array(12));
    const features = m.tap('hidden', linear(m.child('fc'), pixels, 2, hidden), hidden);
    return { features, logits: linear(m.child('head'), features, hidden, 2) };
  });
  const filter = Float64Array.from({ length: 12 }, (_, i) => i);
  expect(lists(channelSums(model, { filter }))).toEqual({ hidden: [15, 51] });
});

test('parameters without values and running statistics count for nothing', () => {
  const model = tinyModel((m, pixels) => {
    const hidden = m.dim('hidden', 2);
    const x = m.tap('hidden', linear(m.child('fc'), pixels, 2, hidden), hidden);
    const features = batchNorm(m.child('norm'), x, hidden);
    return { features, logits: linear(m.child('head'), features, hidden, 2) };
  });
  const ones = (n: number) => new Float64Array(n).fill(1);
  const values = { 'norm.running_mean': ones(2), 'norm.weight': ones(2) };
  expect(lists(channelSums(model, values))).toEqual({ hidden: [1, 1] });
  expect(channelSums(model, {}).size).toBe(0);
});

test('what carries a channel of a view counts for the channel that it sees, too', () => {
  const model = tinyModel((m, pixels) => {
    const wide = m.dim('wide', 4);
    const view = m.dim('view', wide);
    const x = m.tap('wide', linear(m.child('fc'), pixels, 2, wide), wide);
    const features = linear(m.child('read'), m.tap('view', take(x, view), view), view, 2);
    return { features, logits: linear(m.child('head'), features, 2, 2) };
  });
  // Rows of fc [4, 2], columns of read [2, 4].
  const values = weightValues(model, (name, i) => (/weight/.test(name) ? i : 0));
  const sums = { wide: [1 + 4, 5 + 6, 9 + 8, 13 + 10], view: [4, 6, 8, 10] };
  expect(lists(channelSums(model, values))).toEqual(sums);
  // A view that was pruned sees the second and the last: columns of read [2, 2].
  const half = prune(model, { view: [1, 3] });
  const left = weightValues(half, (name, i) => (/weight/.test(name) ? i : 0));
  expect(lists(channelSums(half, left))).toEqual({ wide: [1, 5 + 2, 9, 13 + 4], view: [2, 4] });
});
