import { createModel } from '@kcr/backbones';
import { type Model, tf } from '@kcr/core';
import { costShare, type SearchCost } from '@kcr/masks';
import { describe, expect, test } from 'vitest';
import { smallModels } from './helpers.ts';

const dimsOf = (model: Model, role = 'io') =>
  [...model.dims.values()].filter((dim) => dim.role === role);

/** The share of the dense cost at these sizes of the searched dimensions. */
function shareAt(
  kind: SearchCost,
  model: Model,
  sizeOf: (full: number, i: number) => number,
  role?: string,
) {
  const dims = dimsOf(model, role);
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

// MobileViT-S at 224 px: transformers of 144 x 2, 192 x 4 and 240 x 3 channels, and the filters of the convolution after each.
const stages = [
  { d: 144, transformers: 2, tokens: 28 * 28, filters: 96 },
  { d: 192, transformers: 4, tokens: 14 * 14, filters: 128 },
  { d: 240, transformers: 3, tokens: 7 * 7, filters: 160 },
];
const mobilevit = () => createModel('mobilevit_s', { img_size: 224 });
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b);

test('on MobileViT what follows is the convolution after each stack of transformers', () => {
  const total = (share: number) =>
    sum(
      stages.map(({ d, transformers, tokens, filters }) => {
        const mlp = 2 * share * d * 2 * d;
        return tokens * (transformers * mlp + share * d * filters);
      }),
    );
  for (const share of [1, 0.5])
    expect(shareAt('following', mobilevit(), (full) => share * full)).toBeCloseTo(
      total(share) / total(1),
      6,
    );
});

describe("the proxy is the paper's formula", () => {
  test('on MobileViT: two layers per MLP, one convolution per MobileViT block (DCS 3.4)', () => {
    const total = (share: number) =>
      sum(
        stages.map(({ d: width, transformers, tokens, filters }) => {
          const d = share * width;
          return transformers * 2 * (2 * d * d + d) + (1 + d) * tokens * filters;
        }),
      );
    // By hand: 19,095,168 dense, 4,583,640 at a quarter of the channels.
    expect([total(1), total(1 / 4)]).toEqual([19_095_168, 4_583_640]);
    const found = shareAt('proxy', mobilevit(), (full) => full / 4);
    expect(found).toBeCloseTo(total(1 / 4) / total(1), 6);
  });

  test('on EfficientViT: one layer, what the branches give together, the MBConv (DCS, appendix A)', () => {
    const model = createModel('efficientvit_b1');
    // Two branches of 128 and of 256 channels; the MBConv's first convolution has four times as many filters.
    const blocks = [
      { count: 3, joined: 2 * 128, tokens: 14 * 14, filters: 512 },
      { count: 4, joined: 2 * 256, tokens: 7 * 7, filters: 1024 },
    ];
    const total = (share: number) =>
      sum(
        blocks.map(({ count, joined, tokens, filters }) => {
          const d = share * joined;
          return count * (2 * d * d + d + (1 + d) * tokens * filters);
        }),
      );
    const found = shareAt('proxy', model, (full) => full / 4, 'context');
    expect(found).toBeCloseTo(total(1 / 4) / total(1), 6);
    // The same sum, however it is spread over the branches of a block.
    const uneven = shareAt('proxy', model, (full, i) => (i % 2 === 0 ? full / 2 : 0), 'context');
    expect(uneven).toBeCloseTo(found, 6);
  });
});
