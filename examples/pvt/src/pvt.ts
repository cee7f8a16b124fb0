import {
  type Architecture,
  classifier,
  conv2d,
  type Dim,
  type FeatureMap,
  headDims,
  joinHeads,
  layerNorm,
  linear,
  linearParts,
  type Scope,
  splitHeads,
  type Tensor,
  tf,
  transformerBlock,
  truncatedNormal,
  wholeFrom,
  withDefaults,
  wrongConfig,
} from '@kcr/core';

const defaults = {
  /** Side of an image, a multiple of 32. */
  img_size: 64,
  in_chans: 3,
  num_classes: 10,
  /** Channels, blocks, heads and so on of the four stages. */
  embed_dims: [16, 32, 64, 64] as readonly number[],
  depths: [1, 1, 1, 1] as readonly number[],
  num_heads: [1, 2, 4, 4] as readonly number[],
  mlp_ratios: [4, 4, 2, 2] as readonly number[],
  /** By how much keys and values are reduced along each side. */
  sr_ratios: [8, 4, 2, 1] as readonly number[],
  drop_path_rate: 0,
};

export type PvtConfig = typeof defaults;

const stageOption = wholeFrom(1, 1024, [4, 4]);

const ranges = {
  img_size: wholeFrom(32, 4096),
  embed_dims: stageOption,
  depths: stageOption,
  num_heads: stageOption,
  mlp_ratios: stageOption,
  sr_ratios: stageOption,
};

/** What attention of a stage depends on besides its width. */
interface Attending {
  readonly heads: number;
  readonly ratio: number;
  /** Tokens along each side of the map. */
  readonly side: number;
}

/** Attention whose keys and values come from a reduced map; tokens [batch, side * side, embed]. */
function reducedAttention(m: Scope, x: Tensor, embed: Dim, given: Attending): Tensor {
  const { heads, ratio } = given;
  const { qk, v } = headDims(m, embed, heads);
  const init = truncatedNormal(0.02);
  const tokens = m.tap('in', x, embed);
  const [batch, n] = tokens.shape as [number, number];
  const q = m.tap('q', linear(m.child('q'), tokens, embed, qk, { init }), qk, {
    from: { value: tokens, axis: embed },
  });
  const source = ratio > 1 ? reducedTokens(m, tokens, embed, given) : tokens;
  const from = { value: source, axis: embed };
  const [keys, values] = linearParts(m.child('kv'), source, embed, [qk, v], { init });
  const k = m.tap('k', keys!, qk, { from });
  const context = m.tap('v', values!, v, { from });
  const reduced = source.shape[1]!;
  // The products of attention have no layer that would report them.
  const { groups } = qk;
  m.cost({
    kind: 'attention',
    positions: n * reduced,
    in: qk,
    out: groups,
    kernel: 1,
    groups,
  });
  m.cost({
    kind: 'attention',
    positions: n,
    in: groups * reduced,
    out: v,
    kernel: 1,
    groups: v.groups,
  });
  // The scale is that of the heads before pruning, which the weights were trained with.
  const scale = (qk.full / qk.fullGroups) ** -0.5;
  const products = tf.matMul(splitHeads(q, groups), splitHeads(k, groups), false, true);
  const soft = tf.softmax(tf.mul(products, scale));
  const weights = m.tap('weights', tf.reshape(soft, [batch, groups, n, reduced]));
  const attended = tf.matMul(
    tf.reshape(weights, [batch * groups, n, reduced]),
    splitHeads(context, groups),
  );
  const joined = m.tap('context', joinHeads(attended, groups), v);
  return linear(m.child('proj'), joined, v, embed, { init });
}

/** The tokens of a map that is `ratio` times smaller along each side. */
function reducedTokens(m: Scope, tokens: Tensor, embed: Dim, { ratio, side }: Attending): Tensor {
  const batch = tokens.shape[0]!;
  const map = tf.reshape(tokens, [batch, side, side, embed.size]);
  const small = conv2d(m.child('sr'), map, embed, embed, {
    kernel: ratio,
    stride: ratio,
    padding: 0,
  });
  return layerNorm(m.child('norm'), tf.reshape(small, [batch, -1, embed.size]), embed);
}

/** The maps of the four stages, from fine to coarse. */
function stages(m: Scope, image: Tensor, config: PvtConfig): FeatureMap[] {
  const { depths, drop_path_rate, embed_dims, mlp_ratios, num_heads, sr_ratios } = config;
  const blocks = depths.reduce((sum, depth) => sum + depth, 0);
  const maps: FeatureMap[] = [];
  let [value, from, side, block] = [image, config.in_chans as Dim | number, config.img_size, 0];
  embed_dims.forEach((width, i) => {
    const stage = m.child('stages').child(i);
    const embed = stage.dim('embed', width, { prunable: false });
    const first = i === 0;
    const stride = first ? 4 : 2;
    value = conv2d(stage.child('patch_embed'), value, from, embed, {
      kernel: first ? 7 : 3,
      stride,
      padding: first ? 3 : 1,
    });
    side /= stride;
    const batch = value.shape[0]!;
    const flat = tf.reshape(value, [batch, side * side, embed.size]);
    let tokens = layerNorm(stage.child('norm_in'), flat, embed);
    const layout = { height: side, width: side, positions: [...Array(side * side).keys()] };
    const attending = { heads: num_heads[i]!, ratio: sr_ratios[i]!, side };
    for (let j = 0; j < depths[i]!; j++, block++)
      tokens = transformerBlock(
        stage.child('blocks').child(j),
        tokens,
        embed,
        (scope, x) => reducedAttention(scope, x, embed, attending),
        {
          mlp: { ratio: mlp_ratios[i]! },
          layout,
          dropPath: (drop_path_rate * block) / Math.max(1, blocks - 1),
        },
      );
    value = tf.reshape(layerNorm(stage.child('norm'), tokens, embed), [
      batch,
      side,
      side,
      embed.size,
    ]);
    maps.push({ value, dim: embed, stride: config.img_size / side });
    from = embed;
  });
  return maps;
}

/** A Pyramid Vision Transformer (Wang et al. 2021, 2022): overlapping patches, and no table of positions. */
export const pvt: Architecture<PvtConfig> = {
  name: 'pvt',
  module: 'kcr-example-pvt',
  contract: 1,
  tokens: 'grid',
  configure(config) {
    const full = withDefaults('pvt', defaults, config, ranges);
    if (full.img_size % 32 !== 0)
      throw wrongConfig('pvt, img_size', String(full.img_size), 'Give a multiple of 32');
    return full;
  },
  input: ({ img_size, in_chans, num_classes }) => ({
    shape: [img_size, img_size, in_chans],
    classes: num_classes,
  }),
  stages,
  forward(m, image, config) {
    const featureMaps = stages(m, image, config);
    const { value: tokens, dim } = featureMaps.at(-1)!;
    const features = m.tap('features', tf.mean(tokens, [1, 2]), dim);
    const logits = classifier(m.child('head'), features, dim, config.num_classes);
    return { logits, features, tokens, featureMaps };
  },
};
