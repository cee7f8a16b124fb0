import { type Architecture, Model } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { type EfficientVitConfig, efficientvit } from './efficientvit.ts';
import { channelsLast, expectClose, run, timmCase } from './testing.ts';

test('it gives what timm gives, with branches of two scales', async () => {
  const { model, weights, image, tensors } = await timmCase(
    'efficientvit-three',
    efficientvit as Architecture,
  );
  const found = await run(model, weights, image);
  expectClose(found.logits, tensors['case.logits']!.data);
  expectClose(found.features, tensors['case.penultimate']!.data);
  expectClose(found.tokens, channelsLast(tensors['case.features']!).data);
});

const modelOf = (more: Partial<EfficientVitConfig> = {}) =>
  new Model(
    efficientvit,
    efficientvit.configure({
      img_size: 32,
      widths: [4, 6, 8, 12],
      depths: [1, 1, 2, 1],
      head_dim: 6,
      expand_ratio: 2,
      scales: [3],
      head_widths: [20, 10],
      num_classes: 3,
      ...more,
    }),
  );

test('the stem halves the image, and so does each stage', () => {
  expect(modelOf().featureMaps).toEqual([
    { stride: 4, height: 8, width: 8, channels: 6 },
    { stride: 8, height: 4, width: 4, channels: 8 },
    { stride: 16, height: 2, width: 2, channels: 12 },
  ]);
});

test('its MACs by hand', () => {
  const local = (from: number, hidden: number, to: number, before: number, after: number) =>
    (hidden === from ? 0 : before * from * hidden) + after * (9 * hidden + hidden * to);
  const stem = 256 * 27 * 4 + local(4, 4, 4, 256, 256);
  const first = local(4, 8, 6, 256, 64);
  const second = local(6, 12, 8, 64, 16) + local(8, 16, 8, 16, 16);
  // Two heads of 6 channels on 2 x 2 positions; q, k and v are 36 channels.
  const [n, heads, d] = [4, 2, 6];
  const attention = 2 * 2 * n * heads * d * (d + 1);
  const mixing = n * 12 * 36 + n * 36 * 9 + n * 36 * d + n * 24 * 12;
  const third = local(8, 16, 12, 16, 4) + mixing + local(12, 24, 12, 4, 4);
  const head = 4 * 12 * 20 + 20 * 10 + 10 * 3;
  const linear = stem + first + second + third + head;
  expect(modelOf().macs).toEqual({ linear, attention, total: linear + attention });
});

describe('blocks', () => {
  test('attention is in the stages from the third on, in each block but the first', () => {
    const names = modelOf({ depths: [1, 1, 2, 2] }).taps.filter(({ role }) => role === 'tokens');
    expect(names.map(({ name }) => name)).toEqual([1, 2].map((i) => `stages.2.blocks.${i}.tokens`));
  });

  test('stages without attention have one block fewer than with', () => {
    const names = modelOf({ depths: [1, 3, 2, 2] }).params.map(({ name }) => name);
    const blocks = [0, 1, 2].map((stage) => {
      const own = names.flatMap((name) => {
        const [, found, block] = /^stages\.(\d)\.blocks\.(\d)/.exec(name) ?? [];
        return found === `${stage}` ? [block] : [];
      });
      return new Set(own).size;
    });
    expect(blocks).toEqual([3, 2, 3]);
  });

  test('those with attention have biases in place of norms, but for the last', () => {
    const names = modelOf().params.map(({ name }) => name);
    const within = (block: string) =>
      names.flatMap((name) => (name.startsWith(`${block}.`) ? [name.slice(block.length + 1)] : []));
    const last = ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked'];
    expect(within('stages.2.blocks.0.main')).toEqual([
      ...['inverted_conv.conv.weight', 'inverted_conv.conv.bias'],
      ...['depth_conv.conv.weight', 'depth_conv.conv.bias', 'point_conv.conv.weight'],
      ...last.map((name) => `point_conv.norm.${name}`),
    ]);
    expect(within('stages.1.blocks.0.main.inverted_conv')).toEqual([
      'conv.weight',
      ...last.map((name) => `norm.${name}`),
    ]);
  });

  test('the block after attention reads a view of the stream', () => {
    const io = modelOf().dims.get('stages.2.blocks.1.local_module.main.io');
    expect(io).toMatchObject({ role: 'io', size: 12, of: { name: 'stages.2.channels' } });
  });
});

test('a head width must divide the stages with attention, and no others', () => {
  expect(() => modelOf({ head_dim: 5 })).toThrow(expect.objectContaining({ code: 'MODEL_CONFIG' }));
  expect(() => modelOf({ head_dim: 4, widths: [5, 6, 7, 12] })).not.toThrow();
  expect(() => modelOf({ depths: [1, 1] })).toThrow(
    expect.objectContaining({ code: 'MODEL_CONFIG' }),
  );
});
