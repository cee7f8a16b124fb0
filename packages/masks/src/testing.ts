import {
  type Architecture,
  attention,
  linear,
  Model,
  mlp,
  type Scope,
  silu,
  type Tensor,
  tf,
} from '@kcr/core';

/** Tokens of an image, and channels of each. */
export const [tokens, channels] = [2, 3];

/** A model of images [1, 2, 3] whose stream goes through `layers`, then a classifier of two. */
export function modelOf(layers: (m: Scope, x: Tensor) => Tensor): Model {
  const architecture: Architecture = {
    name: 'stream',
    module: 'test',
    contract: 1,
    tokens: 'set',
    configure: (config) => config,
    input: () => ({ shape: [1, tokens, channels] as const, classes: 2 }),
    forward(m, image) {
      const embed = m.dim('embed', channels, { prunable: false });
      const x = layers(m, tf.reshape(image, [-1, tokens, channels]));
      const features = m.tap('features', tf.mean(x, 1), embed);
      const logits = linear(m.child('head'), features, embed, 2);
      return { logits, features, tokens: x, featureMaps: [] };
    },
  };
  return new Model(architecture, {});
}

/** Two MLPs with shortcuts, hidden width 6, and a layer between them that reads the whole stream. */
export const twoMlps = () =>
  modelOf((m, image) => {
    const embed = m.dim('embed', channels, { prunable: false });
    const block = (name: string, x: Tensor) =>
      tf.add(x, mlp(m.child(name), x, embed, { ratio: 2, activation: silu }));
    const between = linear(m.child('mix'), block('a', image), embed, embed);
    return block('b', between);
  });

/**
 * Attention with one head of 3 channels, then an MLP of hidden width 6. Each channel of q and k has 2 tokens x 3 MACs in
 * each of two layers, and 2 x 2 of products: 16; so has each of v. The MLP has 72, the classifier 6: 174.
 */
export const attentionAndMlp = () =>
  modelOf((m, image) => {
    const embed = m.dim('embed', channels, { prunable: false });
    const x = attention(m.child('attn'), image, embed, { heads: 1 });
    return mlp(m.child('mlp'), x, embed, { ratio: 2 });
  });
