import {
  type Architecture,
  conv2d,
  type Dim,
  headDims,
  joinHeads,
  layerNorm,
  linear,
  mlp,
  type Scope,
  splitHeads,
  type Tensor,
  tf,
  withDefaults,
} from '@kcr/core';

/** What a broken backbone does at some places, in place of what {@link backbone} does there. */
export interface Faults {
  /** Attention reports its two products. */
  readonly cost?: boolean;
  /** What becomes of the tokens before the norm at the end. */
  tokens?(m: Scope, x: Tensor, embed: Dim): Tensor;
  /** An MLP. */
  mlp?(m: Scope, x: Tensor, embed: Dim): Tensor;
  readonly configure?: Architecture<typeof defaults>['configure'];
  readonly stride?: number;
  /** Logits besides those of the classes. */
  readonly logits?: number;
}

const defaults = { width: 6, heads: 2, num_classes: 3 };
const SIDE = 4;

function attention(m: Scope, x: Tensor, embed: Dim, heads: number, cost: boolean): Tensor {
  const { qk, v } = headDims(m, embed, heads);
  const n = x.shape[1]!;
  const from = { value: x, axis: embed };
  const [q, k] = ['q', 'k'].map((name) =>
    m.tap(name, linear(m.child(name), x, embed, qk), qk, { from }),
  ) as [Tensor, Tensor];
  const value = m.tap('v', linear(m.child('v'), x, embed, v), v, { from });
  if (cost) {
    m.cost({ kind: 'attention', positions: n * n, in: qk, out: 1, kernel: 1 });
    m.cost({ kind: 'attention', positions: n * n, in: v, out: 1, kernel: 1 });
  }
  const scores = tf.matMul(splitHeads(q, qk.groups), splitHeads(k, qk.groups), false, true);
  const context = joinHeads(tf.matMul(tf.softmax(scores), splitHeads(value, v.groups)), v.groups);
  return linear(m.child('proj'), m.tap('context', context, v), v, embed);
}

/** A backbone of one block, on images of 4 x 4: right without faults. */
export function backbone(faults: Faults = {}): Architecture<typeof defaults> {
  const { cost = true, stride = 2, logits = 0 } = faults;
  const ratio = (m: Scope, x: Tensor, embed: Dim) => mlp(m, x, embed, { ratio: 2 });
  const stages: Architecture<typeof defaults>['stages'] = (m, image, { width, heads }) => {
    const embed = m.dim('embed', width, { prunable: false });
    const patches = conv2d(m.child('patches'), image, 3, embed, {
      kernel: 2,
      stride: 2,
      padding: 0,
    });
    const batch = image.shape[0]!;
    const block = m.child('block');
    let x = tf.reshape(patches, [batch, -1, embed.size]);
    const normed = layerNorm(block.child('norm1'), x, embed);
    x = tf.add(x, attention(block.child('attn'), normed, embed, heads, cost));
    const second = layerNorm(block.child('norm2'), x, embed);
    x = tf.add(x, (faults.mlp ?? ratio)(block.child('mlp'), second, embed));
    x = layerNorm(m.child('norm'), faults.tokens?.(m, x, embed) ?? x, embed);
    const map = tf.reshape(x, [batch, SIDE / 2, SIDE / 2, embed.size]);
    return [{ value: map, dim: embed, stride }];
  };
  return {
    name: 'small',
    module: 'test',
    contract: 1,
    tokens: 'set',
    configure: faults.configure ?? ((config) => withDefaults('small', defaults, config)),
    input: ({ num_classes }) => ({ shape: [SIDE, SIDE, 3], classes: num_classes }),
    stages,
    forward(m, image, config) {
      const featureMaps = stages(m, image, config);
      const { value, dim } = featureMaps[0]!;
      const features = m.tap('features', tf.mean(value, [1, 2]), dim);
      const classes = config.num_classes + logits;
      return {
        logits: linear(m.child('head'), features, dim, classes),
        features,
        tokens: value,
        featureMaps,
      };
    },
  };
}
