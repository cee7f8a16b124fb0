import { adapt, defineTokenSelector, float32, Model, tf } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { type LvVitConfig, lvvit } from './lvvit.ts';
import { expectClose, run, weightsOf } from './testing.ts';

const [d, classes] = [4, 3];

const modelOf = (more: Partial<LvVitConfig> = {}) =>
  new Model(
    lvvit,
    lvvit.configure({
      img_size: 8,
      patch_size: 4,
      embed_dim: d,
      depth: 2,
      num_heads: 2,
      mlp_ratio: 2,
      stem_dim: 2,
      num_classes: classes,
      ...more,
    }),
  ) as Model;

const image = float32(
  [2, 8, 8, 3],
  Array.from({ length: 2 * 8 * 8 * 3 }, (_, i) => Math.sin(1.3 * i + 0.01 * i * i)),
);

const waves = (model: Model) =>
  weightsOf(model, (name, i) =>
    /running_var|tracked/.test(name) ? 1 : Math.sin(1.7 * i + 0.11 * i * i + name.length),
  );

test('its MACs by hand', () => {
  // Three convolutions at 4 x 4, patches of 2 x 2 of those, 5 tokens, two heads for classes.
  const n = 5;
  const stem = 16 * (49 * 3 * 2 + 2 * (9 * 2 * 2)) + 4 * 4 * 2 * d;
  const linear = stem + 2 * n * (4 * d * d + 4 * d * d) + 4 * d * classes + d * classes;
  const attention = 2 * 2 * n * n * d;
  expect(modelOf().macs).toEqual({ linear, attention, total: linear + attention });
});

test('the logits are those of the class token and half of the best of the patches', async () => {
  const model = modelOf();
  const weights = waves(model);
  const { logits, tokens, features } = await run(model, weights, image);
  const scores = (token: number[], head: string) =>
    Array.from({ length: classes }, (_, o) =>
      token.reduce(
        (sum, x, i) => sum + x * weights[`${head}.weight`]!.data[o * d + i]!,
        weights[`${head}.bias`]!.data[o]!,
      ),
    );
  const expected = [0, 1].flatMap((n) => {
    const own = Array.from({ length: 5 }, (_, t) =>
      tokens.slice((5 * n + t) * d, (5 * n + t + 1) * d),
    );
    expect(features.slice(n * d, (n + 1) * d)).toEqual(own[0]);
    const patches = own.slice(1).map((token) => scores(token, 'aux_head'));
    return scores(own[0]!, 'head').map(
      (score, c) => score + 0.5 * Math.max(...patches.map((patch) => patch[c]!)),
    );
  });
  expectClose(logits, expected, 1e-5);
});

test.each([1, 2, 4])('each branch is divided by %f', async (skip_lam) => {
  const model = modelOf({ skip_lam });
  // All is 0 but the class token and what the branches add: 1 each.
  const weights = weightsOf(model, (name) => {
    if (name === 'cls_token') return 7;
    return /running_var|attn\.proj\.bias|mlp\.fc2\.bias/.test(name) ? 1 : 0;
  });
  const { taps } = await run(model, weights, float32([1, 8, 8, 3]));
  const first = (tap: string) => taps[tap]![0]!;
  expect(first('blocks.0.tokens')).toBeCloseTo(7 + 1 / skip_lam, 6);
  expect(first('blocks.1.tokens')).toBeCloseTo(7 + 3 / skip_lam, 6);
});

test('the stem has three convolutions without biases, and the patches are of its map', () => {
  const stem = modelOf().params.filter(
    ({ name, shape }) => name.startsWith('patch_embed') && shape.length === 4,
  );
  expect(stem.map(({ name, shape }) => [name, shape])).toEqual([
    ['patch_embed.conv1.weight', [2, 3, 7, 7]],
    ['patch_embed.conv2.weight', [2, 2, 3, 3]],
    ['patch_embed.conv3.weight', [2, 2, 3, 3]],
    ['patch_embed.proj.weight', [d, 2, 2, 2]],
  ]);
  const names = modelOf().params.map(({ name }) => name);
  expect(names).not.toContain('patch_embed.conv1.bias');
  expect(names).toContain('patch_embed.proj.bias');
});

describe('what cannot be is refused', () => {
  const code = (name: string) => expect.objectContaining({ code: name });

  test('patches of an odd side, which the stem cannot halve', () => {
    expect(() => modelOf({ img_size: 9, patch_size: 3 })).toThrow(code('MODEL_CONFIG'));
  });

  test('no image token, of which the second head takes the best', () => {
    const none = defineTokenSelector({
      name: 'none',
      module: 'test',
      contract: 1,
      select: (_: object) => ({
        keep: () => 0,
        scores: ({ tokens }) => tf.sum(tokens, 2),
      }),
    });
    expect(() => adapt(modelOf(), [none({})])).toThrow(code('TOKENS_NONE'));
  });
});

test('its stages are the maps of the whole model, without its heads', () => {
  const whole = modelOf();
  const stages = new Model(
    {
      ...lvvit,
      input: (given) => ({ ...lvvit.input(given), classes: 0 }),
      forward(m, x, given) {
        const featureMaps = lvvit.stages!(m, x, given);
        const features = tf.mean(featureMaps[0]!.value, [1, 2]);
        return { logits: features, features, tokens: features, featureMaps };
      },
    },
    whole.config as LvVitConfig,
  );
  expect(stages.featureMaps).toEqual(whole.featureMaps);
  const names = whole.params.map(({ name }) => name);
  expect(stages.params.map(({ name }) => name)).toEqual(names.filter((name) => !/head/.test(name)));
});
