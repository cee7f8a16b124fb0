import { type Architecture, Model } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { type MobileVitConfig, mobilevit } from './mobilevit.ts';
import { channelsLast, expectClose, run, timmCase } from './testing.ts';

test('it gives what timm gives, on a map that patches do not fill', async () => {
  const { model, weights, image, tensors } = await timmCase(
    'mobilevit-odd',
    mobilevit as Architecture,
  );
  const found = await run(model, weights, image);
  expectClose(found.logits, tensors['case.logits']!.data);
  expectClose(found.features, tensors['case.penultimate']!.data);
  expectClose(found.tokens, channelsLast(tensors['case.features']!).data);
});

const modelOf = (more: Partial<MobileVitConfig> = {}) =>
  new Model(
    mobilevit,
    mobilevit.configure({
      img_size: 16,
      stem_chs: 8,
      channels: [8, 12],
      depths: [1, 1],
      bottle_ratio: 2,
      transformer_dims: [0, 8],
      transformer_depths: [0, 1],
      num_heads: 2,
      num_features: 20,
      num_classes: 3,
      ...more,
    }),
  );

test('its MACs by hand', () => {
  // The stem at 8 x 8, a block that stays there, one that halves it, then 4 parts of 4 positions.
  const inverted = (from: number, to: number, hidden: number, before: number, after: number) =>
    before * from * hidden + after * (9 * hidden + hidden * to);
  const d = 8;
  const transformer = 16 * (4 * d * d + 2 * d * 2 * d);
  const linear =
    64 * 27 * 8 +
    inverted(8, 8, 16, 64, 64) +
    inverted(8, 12, 16, 64, 16) +
    16 * (9 * 12 * 12 + 12 * d) +
    transformer +
    16 * (d * 12 + 9 * 24 * 12) +
    16 * 12 * 20 +
    20 * 3;
  const attention = 2 * 4 * 4 * 4 * d;
  expect(modelOf().macs).toEqual({ linear, attention, total: linear + attention });
});

test('the first stage keeps the resolution, the others halve it', () => {
  expect(modelOf().featureMaps).toEqual([
    { stride: 2, height: 8, width: 8, channels: 8 },
    { stride: 4, height: 4, width: 4, channels: 12 },
  ]);
});

describe('attention', () => {
  const positions = (more: Partial<MobileVitConfig>) =>
    modelOf(more).taps.find(({ role }) => role === 'weights')?.layout;

  test('is among the same place of all patches', () => {
    expect(positions({})).toEqual({
      height: 4,
      width: 4,
      positions: [...[0, 2, 8, 10], ...[1, 3, 9, 11], ...[4, 6, 12, 14], ...[5, 7, 13, 15]],
    });
  });

  test('on an odd map is that of the next larger one that patches fill', () => {
    expect(positions({ img_size: 12 })).toMatchObject({ height: 4, width: 4 });
    expect(modelOf({ img_size: 12 }).featureMaps[1]).toMatchObject({ height: 3, width: 3 });
  });
});

test.each([
  // timm's make_divisible: to the next multiple of 8, but not by more than a tenth down.
  [2, 16],
  [1.2, 16],
  [1.4, 16],
  [2.4, 24],
  [0.5, 8],
  [3.4, 32],
])('a width of 8 times %f is %i', (bottle_ratio, hidden) => {
  const { dims } = modelOf({ bottle_ratio });
  expect(dims.get('stages.0.0.hidden')?.full).toBe(hidden);
});

test('a block that keeps width and resolution has no width of its own', () => {
  const names = [...modelOf().dims.keys()];
  expect(names).not.toContain('stages.0.0.channels');
  expect(names).toContain('stages.1.0.channels');
});

test('a stage without a transformer has none', () => {
  const names = modelOf().params.map(({ name }) => name);
  expect(names.filter((name) => /^stages\.0.*transformer/.test(name))).toEqual([]);
  expect(names).toContain('stages.1.1.transformer.0.attn.qkv.weight');
});
