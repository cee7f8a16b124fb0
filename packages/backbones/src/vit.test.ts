import { type Architecture, type Draw, float32, Model, tf } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { expectClose, run, timmCase, weightsOf } from './testing.ts';
import { vit } from './vit.ts';

test('it gives what timm gives', async () => {
  const { model, weights, image, tensors } = await timmCase('vit', vit as Architecture);
  const found = await run(model, weights, image);
  expectClose(found.logits, tensors['case.logits']!.data);
  expectClose(found.features, tensors['case.penultimate']!.data);
  expectClose(found.tokens, tensors['case.features']!.data);
});

const config = vit.configure({
  img_size: 8,
  patch_size: 4,
  embed_dim: 6,
  depth: 2,
  num_heads: 2,
  mlp_ratio: 2,
  num_classes: 3,
});
const model = new Model(vit, config);

test('its parameters and MACs by hand', () => {
  // 4 patches of 48 numbers, 5 tokens; a block has 4 d^2 of attention and 2 * 2 d^2 of its MLP.
  const [d, n] = [6, 5];
  const block = 3 * d * d + 3 * d + d * d + d + 2 * d * 2 * d + 2 * d + d + 4 * d;
  const embedding = 48 * d + d + d + n * d;
  expect(model.parameterCount).toBe(embedding + 2 * block + 2 * d + 3 * d + 3);
  const linear = 4 * 48 * d + 2 * n * (4 * d * d + 4 * d * d) + 3 * d;
  const attention = 2 * 2 * n * n * d;
  expect(model.macs).toEqual({ linear, attention, total: linear + attention });
});

test('its maps are those of the patches, at the stride of a patch', () => {
  expect(model.featureMaps).toEqual([{ stride: 4, height: 2, width: 2, channels: 6 }]);
});

test('the classifier reads the class token, which is the tap of the features', async () => {
  const weights = weightsOf(model, (name, i) =>
    name.startsWith('norm') ? 1 : Math.sin(i + name.length),
  );
  const image = float32(
    [2, 8, 8, 3],
    Array.from({ length: 384 }, (_, i) => Math.cos(i)),
  );
  const { logits, features, tokens, taps } = await run(model, weights, image);
  expect(features).toEqual([...tokens.slice(0, 6), ...tokens.slice(30, 36)]);
  expect(taps.features).toEqual(features);
  const [w, b] = [weights['head.weight']!.data, weights['head.bias']!.data];
  const expected = [0, 1].flatMap((n) =>
    [0, 1, 2].map((o) =>
      [0, 1, 2, 3, 4, 5].reduce((s, i) => s + w[6 * o + i]! * features[6 * n + i]!, b[o]!),
    ),
  );
  expectClose(logits, expected, 1e-5);
});

describe('in training', () => {
  /** The draws that a configuration asks for. */
  const drawn = (more: object) => {
    const names: string[] = [];
    const other = new Model(vit, { ...config, ...more });
    const weights = weightsOf(other, () => 0.1);
    tf.tidy(() => {
      other.apply(tf.zeros([1, 8, 8, 3]), {
        training: true,
        state: (name) => tf.tensor(weights[name]!.data, [...weights[name]!.shape]),
        draw: (name: string, shape: readonly number[], _: Draw) => {
          names.push(name);
          return tf.ones([...shape]);
        },
      });
    });
    return names;
  };

  test('each dropout has its place, and none draws at a rate of 0', () => {
    expect(drawn({})).toEqual([]);
    expect(drawn({ pos_drop_rate: 0.1 })).toEqual(['pos_drop.dropout']);
    expect(drawn({ drop_rate: 0.1 })).toEqual(['head_drop.dropout']);
    expect(drawn({ attn_drop_rate: 0.1 })).toEqual(
      [0, 1].map((i) => `blocks.${i}.attn.attn_drop.dropout`),
    );
    expect(drawn({ proj_drop_rate: 0.1 })).toEqual(
      [0, 1].flatMap((i) =>
        ['attn.proj_drop', 'mlp.drop1', 'mlp.drop2'].map((name) => `blocks.${i}.${name}.dropout`),
      ),
    );
  });

  test('the first block drops no path, the last one most', () => {
    expect(drawn({ drop_path_rate: 0.1 })).toEqual(
      ['drop_path1', 'drop_path2'].map((name) => `blocks.1.${name}.drop_path`),
    );
  });
});

test('its stages are the maps of the whole model, without its heads', () => {
  const whole = model;
  const stages = new Model(
    {
      ...vit,
      input: (given) => ({ ...vit.input(given), classes: 0 }),
      forward(m, x, given) {
        const featureMaps = vit.stages!(m, x, given);
        const features = tf.mean(featureMaps[0]!.value, [1, 2]);
        return { logits: features, features, tokens: features, featureMaps };
      },
    },
    whole.config,
  );
  expect(stages.featureMaps).toEqual(whole.featureMaps);
  const names = whole.params.map(({ name }) => name);
  expect(stages.params.map(({ name }) => name)).toEqual(names.filter((name) => !/head/.test(name)));
});
