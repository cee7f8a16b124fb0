import { createModel } from '@kcr/backbones';
import { entriesOf, type Model, tf } from '@kcr/core';
import { costShare, type SearchCost } from '@kcr/masks';
import { describe, expect, test } from 'vitest';
import { smallModels } from './helpers.ts';

const dimsOf = (model: Model) => [...model.dims.values()].filter((dim) => dim.role === 'io');

/** The share of the dense cost at these sizes of the searched dimensions. */
function shareAt(kind: SearchCost, model: Model, sizeOf: (full: number, i: number) => number) {
  const dims = dimsOf(model);
  const sizes = dims.map((dim, i) => [dim.name, tf.scalar(sizeOf(dim.size, i))] as const);
  return costShare(kind, model, dims)(new Map(sizes)).dataSync()[0]!;
}

const kinds: SearchCost[] = ['searched', 'following', 'proxy', 'model'];

describe.each(Object.entries(smallModels))('%s', (_, makeModel) => {
  test.each(kinds)(
    'the cost "%s" is 1 for the whole model and falls with each dimension',
    (kind) => {
      const model = makeModel();
      expect(shareAt(kind, model, (full) => full)).toBeCloseTo(1, 6);
      dimsOf(model).forEach((_dim, j) => {
        const less = shareAt(kind, model, (full, i) => (i === j ? full / 2 : full));
        expect(less).toBeLessThan(1 - 1e-4);
      });
    },
  );
});

// MobileViT-S at 256 px: transformers of 144 x 2, 192 x 4 and 240 x 3 channels.
const stages = [
  { d: 144, blocks: 2, tokens: 32 * 32, conv: 96 },
  { d: 192, blocks: 4, tokens: 16 * 16, conv: 128 },
  { d: 240, blocks: 3, tokens: 8 * 8, conv: 160 },
];

test("on MobileViT what follows is the next block's q, k and v, and the convolution after the last", () => {
  const model = createModel('mobilevit_s');
  const mlp = (d: number, kept: number) => 2 * kept * 2 * d;
  const total = (kept: (d: number) => number) =>
    stages.reduce((sum, { d, blocks, tokens, conv }) => {
      const next = (blocks - 1) * 3 * d + conv;
      return sum + tokens * (blocks * mlp(d, kept(d)) + next * kept(d));
    }, 0);
  for (const ratio of [1, 0.5])
    expect(shareAt('following', model, (full) => ratio * full)).toBeCloseTo(
      total((d) => ratio * d) / total((d) => d),
      6,
    );
  const searched = entriesOf(model.costs, new Set(dimsOf(model).map((dim) => dim.name)));
  expect(searched).toHaveLength(2 * 9);
});

test("the proxy is the paper's formula", () => {
  const model = createModel('mobilevit_s');
  const block = (s: number, area: number) => 2 * (2 * s * s + s) + (1 + s) * area;
  const total = (ratio: number) =>
    stages.reduce((sum, { d, blocks, tokens, conv }) => {
      const inner = (blocks - 1) * block(ratio * d, tokens * 3 * d);
      return sum + inner + block(ratio * d, tokens * conv);
    }, 0);
  expect(shareAt('proxy', model, (full) => full / 4)).toBeCloseTo(total(1 / 4) / total(1), 6);
});
