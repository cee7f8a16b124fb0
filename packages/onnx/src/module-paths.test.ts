import {
  type Architecture,
  attention,
  Generator,
  layerNorm,
  linear,
  Model,
  type Tensor,
  tf,
  transformerBlock,
} from '@kcr/core';
import { expect, test } from 'vitest';
import { exportGraph } from './export.ts';

/** Two blocks over the pixels of an image of 2 x 2. */
const blocks: Architecture = {
  name: 'blocks',
  module: 'test',
  contract: 1,
  tokens: 'set',
  configure: (config) => config,
  input: () => ({ shape: [2, 2, 4] as const, classes: 3 }),
  forward(m, image) {
    const embed = m.dim('embed', 4, { prunable: false });
    let tokens: Tensor = tf.add(
      tf.reshape(image, [-1, 4, 4]),
      m.param('pos_embed', [1, 4, embed], (_, shape) => new Float32Array(shape[1]! * 4).fill(0.5)),
    );
    for (const i of [0, 1])
      tokens = transformerBlock(
        m.child('blocks').child(i),
        tokens,
        embed,
        (at, x) => attention(at, x, embed, { heads: 2 }),
        { mlp: { ratio: 2 } },
      );
    const normed = layerNorm(m.child('norm'), tokens, embed);
    const features = m.tap('features', tf.mean(normed, 1), embed);
    const logits = linear(m.child('head'), features, embed, 3);
    return { logits, features, tokens, featureMaps: [] };
  },
};

test('nodes belong to the module that makes them', async () => {
  const model = new Model(blocks, {});
  const { nodes } = await exportGraph(model, model.initialize(new Generator(0)));
  const names = nodes.map(({ name }) => name!);
  const block = names.filter((name) => name.startsWith('blocks.1'));
  const without = (name: string) => name.replace(/_\d+$/, '');
  expect([...new Set(block.map(without))]).toEqual([
    'blocks.1.norm1/LayerNormalization',
    'blocks.1.attn.qkv/MatMul',
    'blocks.1.attn.qkv/Add',
    'blocks.1.attn/Reshape',
    'blocks.1.attn/Transpose',
    'blocks.1.attn/MatMul',
    'blocks.1.attn/Softmax',
    'blocks.1.attn.proj/MatMul',
    'blocks.1.attn.proj/Add',
    'blocks.1/Add',
    'blocks.1.norm2/LayerNormalization',
    'blocks.1.mlp.fc1/MatMul',
    'blocks.1.mlp.fc1/Add',
    'blocks.1.mlp/Gelu',
    'blocks.1.mlp.fc2/MatMul',
    'blocks.1.mlp.fc2/Add',
  ]);
  expect(names.filter((name) => !name.startsWith('blocks.'))).toEqual([
    'Transpose',
    'Reshape',
    'pos_embed/Add',
    'norm/LayerNormalization',
    'ReduceMean',
    'head/Gemm',
  ]);
  expect(names.filter((name) => /^blocks\.1\/Add/.test(name))).toHaveLength(2);
});
