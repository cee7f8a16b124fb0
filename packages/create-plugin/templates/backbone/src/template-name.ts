import {
  type Architecture,
  classifier,
  conv2d,
  type Dim,
  type FeatureMap,
  layerNorm,
  mlp,
  type Scope,
  type Tensor,
  tf,
  wholeFrom,
  withDefaults,
  wrongConfig,
} from '@kcr/core';

const defaults = {
  /** Side of an image, a multiple of 8. */
  img_size: 32,
  in_chans: 3,
  num_classes: 10,
  /** Channels of the two stages. */
  widths: [32, 64] as readonly number[],
  /** Blocks of the two stages. */
  depths: [1, 2] as readonly number[],
  /** Hidden channels of an MLP, as a multiple of its width. */
  mlp_ratio: 2,
};

export type TemplateNameConfig = typeof defaults;

/** What the options may be, so that no file asks for a model that cannot be built. */
const ranges = {
  img_size: wholeFrom(8, 4096),
  widths: wholeFrom(1, 4096, [2, 2]),
  depths: wholeFrom(1, 64, [2, 2]),
};

/** A depthwise convolution, which mixes places, and an MLP, which mixes channels; [batch, height, width, channels]. */
function mixingBlock(m: Scope, x: Tensor, embed: Dim, ratio: number): Tensor {
  const near = layerNorm(m.child('norm1'), x, embed);
  const mixed = conv2d(m.child('conv'), near, embed, embed, { kernel: 3, depthwise: true });
  const sum = tf.add(x, mixed);
  return tf.add(
    sum,
    mlp(m.child('mlp'), layerNorm(m.child('norm2'), sum, embed), embed, { ratio }),
  );
}

/** The maps of the stages, from fine to coarse, which heads for dense tasks read. */
function stages(m: Scope, image: Tensor, config: TemplateNameConfig): FeatureMap[] {
  const maps: FeatureMap[] = [];
  let value = image;
  let from: Dim | number = config.in_chans;
  config.widths.forEach((width, i) => {
    const stage = m.child('stages').child(i);
    // What passes a layer norm is fixed: a pruned one would compute something else.
    const dim = stage.dim('embed', width, { prunable: false });
    const stride = i === 0 ? 4 : 2;
    value = conv2d(stage.child('down'), value, from, dim, { kernel: stride, stride, padding: 0 });
    for (let j = 0; j < config.depths[i]!; j++)
      value = mixingBlock(stage.child('blocks').child(j), value, dim, config.mlp_ratio);
    maps.push({ value, dim, stride: 4 * 2 ** i });
    from = dim;
  });
  return maps;
}

/** Two stages of depthwise convolutions and MLPs, whose hidden channels may be pruned. */
export const templateName: Architecture<TemplateNameConfig> = {
  name: 'template_name',
  module: 'template-package', // which exports it in `architectures`, so that checkpoints find it
  contract: 1,
  tokens: 'grid',
  configure(config) {
    const full = withDefaults('template_name', defaults, config, ranges);
    if (full.img_size % 8 !== 0)
      throw wrongConfig('template_name, img_size', String(full.img_size), 'Give a multiple of 8');
    return full;
  },
  input: ({ img_size, in_chans, num_classes }) => ({
    shape: [img_size, img_size, in_chans],
    classes: num_classes,
  }),
  stages,
  forward(m, image, config) {
    const featureMaps = stages(m, image, config);
    const { value, dim } = featureMaps.at(-1)!;
    const tokens = layerNorm(m.child('norm'), value, dim);
    const features = m.tap('features', tf.mean(tokens, [1, 2]), dim);
    const logits = classifier(m.child('head'), features, dim, config.num_classes);
    return { logits, features, tokens, featureMaps };
  },
};
