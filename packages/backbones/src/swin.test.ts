import { type Architecture, type Draw, Model, tf } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { type SwinConfig, swin } from './swin.ts';
import { expectClose, run, timmCase, weightsOf } from './testing.ts';
import { windows } from './windows.ts';

test('it gives what timm gives, on grids that windows do not fill', async () => {
  const { model, weights, image, tensors } = await timmCase('swin-odd', swin as Architecture);
  const found = await run(model, weights, image);
  expectClose(found.logits, tensors['case.logits']!.data);
  expectClose(found.features, tensors['case.penultimate']!.data);
  expectClose(found.tokens, tensors['case.features']!.data);
});

const small: Partial<SwinConfig> = {
  img_size: 16,
  patch_size: 2,
  embed_dim: 4,
  depths: [2, 1],
  num_heads: [1, 2],
  window_size: 4,
  mlp_ratio: 2,
  num_classes: 3,
};
const swinOf = (more: Partial<SwinConfig> = {}) => {
  return new Model(swin, swin.configure({ ...small, ...more }));
};

test('its MACs by hand', () => {
  // A grid of 8 x 8 in 4 windows of 16, then 4 x 4 in one; 12 numbers to a patch.
  const block = (n: number, d: number) => n * (4 * d * d + 4 * d * d);
  const linear = 64 * 12 * 4 + 2 * block(64, 4) + 16 * 16 * 8 + block(16, 8) + 3 * 8;
  const attention = 2 * (2 * 4 * 16 * 16 * 4) + 2 * 16 * 16 * 8;
  expect(swinOf().macs).toEqual({ linear, attention, total: linear + attention });
});

test('stages halve the grid and double the width', () => {
  expect(swinOf().featureMaps).toEqual([
    { stride: 2, height: 8, width: 8, channels: 4 },
    { stride: 4, height: 4, width: 4, channels: 8 },
  ]);
});

describe('windows', () => {
  const cut = (side: number, size: number, shift: number) =>
    windows(
      { height: side, width: side },
      { height: size, width: size },
      { down: shift, right: shift },
    );

  const orders = (more: Partial<SwinConfig>) =>
    swinOf(more)
      .taps.filter(({ role }) => role === 'weights')
      .map(({ layout }) => layout?.positions);

  test('are shifted in every second block, by half of their side', () => {
    expect(orders({ depths: [2, 1] })).toEqual([
      cut(8, 4, 0).order,
      cut(8, 4, 2).order,
      cut(4, 4, 0).order,
    ]);
  });

  test('that are the whole grid are not shifted, and no larger than it', () => {
    expect(orders({ depths: [1, 2], window_size: 7 })).toEqual([
      cut(8, 7, 0).order,
      cut(4, 4, 0).order,
      cut(4, 4, 0).order,
    ]);
  });

  test('have a table of relative positions of their own size', () => {
    const tables = swinOf({ window_size: 7 }).params.filter(({ name }) => /table$/.test(name));
    expect(tables.map(({ shape, decay }) => [shape, decay])).toEqual([
      [[13 ** 2, 1], false],
      [[13 ** 2, 1], false],
      [[7 ** 2, 2], false],
    ]);
  });
});

test('heads may have a width of their own', () => {
  const model = swinOf({ head_dim: 3, num_heads: [2, 3] });
  expect(model.dims.get('layers.0.blocks.0.attn.qk')).toMatchObject({ full: 6, groups: 2 });
  expect(model.dims.get('layers.1.blocks.0.attn.v')).toMatchObject({ full: 9, groups: 3 });
});

test('drop path goes on over all stages', () => {
  const model = swinOf({ drop_path_rate: 0.2 });
  const weights = weightsOf(model, () => 0.1);
  const kept: Record<string, number> = {};
  tf.tidy(() => {
    model.apply(tf.zeros([1, 16, 16, 3]), {
      training: true,
      state: (name) => tf.tensor(weights[name]!.data, [...weights[name]!.shape]),
      draw: (name: string, shape: readonly number[], _: Draw) => {
        kept[name] = 1;
        return tf.ones([...shape]);
      },
    });
  });
  expect(Object.keys(kept)).toEqual(
    ['layers.0.blocks.1', 'layers.1.blocks.0'].flatMap((block) =>
      ['drop_path1', 'drop_path2'].map((name) => `${block}.${name}.drop_path`),
    ),
  );
});

test('for dense prediction each stage has a norm', () => {
  const stages: Architecture<SwinConfig> = {
    ...swin,
    input: (config) => ({ ...swin.input(config), classes: 0 }),
    forward(m, image, config) {
      const featureMaps = swin.stages!(m, image, config);
      const features = tf.mean(featureMaps.at(-1)!.value, [1, 2]);
      return { logits: features, features, tokens: features, featureMaps };
    },
  };
  const model = new Model(stages, swin.configure(small));
  const norms = model.params.filter(({ name }) => /^norm\d/.test(name));
  expect(norms.map(({ name, shape }) => [name, shape])).toEqual([
    ['norm0.weight', [4]],
    ['norm0.bias', [4]],
    ['norm1.weight', [8]],
    ['norm1.bias', [8]],
  ]);
  expect(model.params.some(({ name }) => name.startsWith('head'))).toBe(false);
});

test('stages that halve the grid to nothing: MODEL_CONFIG', () => {
  const configured = (img_size: number) =>
    swin.configure({ img_size, patch_size: 2, depths: [1, 1, 1], num_heads: [1, 2, 4] });
  expect(new Model(swin, configured(8)).classes).toBeGreaterThan(0);
  for (const img_size of [2, 4, 6])
    expect(() => configured(img_size)).toThrow(expect.objectContaining({ code: 'MODEL_CONFIG' }));
});
