import {
  type Architecture,
  conv2d,
  type Dim,
  dropout,
  type FeatureMap,
  fanInUniform,
  hardSwish,
  headDims,
  layerNorm,
  linear,
  put,
  reindex,
  type Scope,
  type Tensor,
  take,
  tf,
} from '@kcr/core';
import {
  checkDivides,
  checkLengths,
  type ImageConfig,
  imageInput,
  withDefaults,
} from './config.ts';
import { convNorm } from './conv-norm.ts';

/** timm's `EfficientVit` (MIT) arguments. */
export interface EfficientVitConfig extends ImageConfig {
  /** Width of the stem and of each stage. */
  widths: readonly number[];
  /** Blocks of the stem and of each stage. */
  depths: readonly number[];
  head_dim: number;
  /** Expansion of the inverted residual blocks. */
  expand_ratio: number;
  /** Kernel sizes of the aggregated branches of attention, beside the plain one. */
  scales: readonly number[];
  /** Widths of the head's convolution and of its hidden layer, which the classifier reads. */
  head_widths: readonly [number, number];
  drop_rate: number;
}

const defaults: EfficientVitConfig = {
  img_size: 224,
  in_chans: 3,
  num_classes: 1000,
  widths: [16, 32, 64, 128, 256],
  depths: [1, 2, 3, 3, 4],
  head_dim: 16,
  expand_ratio: 4,
  scales: [5],
  head_widths: [1536, 1600],
  drop_rate: 0,
};

/** The stages from this one on have attention. */
const FIRST_ATTENTION = 2;
const EPS = 1e-5;

interface BlockOptions {
  ratio: number;
  stride: number;
  /** Biases in place of all norms but the last. */
  fewerNorms: boolean;
}

/**
 * An inverted residual block, or a depthwise separable one where the ratio is 1. Its dim `hidden` is the
 * input's where the ratio is 1.
 */
function localBlock(
  m: Scope,
  x: Tensor,
  from: Dim,
  to: Dim,
  { ratio, stride, fewerNorms }: BlockOptions,
) {
  const inner = { norm: fewerNorms ? undefined : ('norm' as const), activation: hardSwish };
  let [wide, hidden] = [x, from];
  if (ratio !== 1) {
    hidden = m.dim('hidden', Math.round(from.full * ratio));
    const expand = { kernel: 1, ...inner };
    wide = m.tap('expanded', convNorm(m.child('inverted_conv'), x, from, hidden, expand), hidden);
  }
  const spatial = { kernel: 3, stride, depthwise: true, ...inner };
  const mixed = m.tap(
    'hidden',
    convNorm(m.child('depth_conv'), wide, hidden, hidden, spatial),
    hidden,
  );
  return convNorm(m.child('point_conv'), mixed, hidden, to, { kernel: 1, norm: 'norm' });
}

/** [batch, n, heads * d] -> [batch * heads, n, d] */
function perHead(x: Tensor, heads: number): Tensor {
  const [batch, n, width] = x.shape as [number, number, number];
  const split = tf.transpose(tf.reshape(x, [batch, n, heads, width / heads]), [0, 2, 1, 3]);
  return tf.reshape(split, [batch * heads, n, width / heads]);
}

/**
 * ReLU linear attention: relu(q) (relu(k)^T [v, 1]), its last column dividing the others.
 * Taps `q`, `k`, `v` [batch, n, dim], `context`.
 */
function linearAttention(m: Scope, parts: Tensor[], { qk, v }: { qk: Dim; v: Dim }): Tensor {
  const [q, k] = [m.tap('q', parts[0]!, qk), m.tap('k', parts[1]!, qk)].map((x) =>
    perHead(tf.relu(x), qk.groups),
  ) as [Tensor, Tensor];
  const values = perHead(m.tap('v', parts[2]!, v), v.groups);
  const [entries, n, width] = values.shape as [number, number, number];
  // The column of ones as a padding, so that no constant has the batch's size.
  const ones: [number, number][] = [
    [0, 0],
    [0, 0],
    [0, 1],
  ];
  const sums = tf.matMul(k, tf.pad(values, ones, 1), true);
  const mixed = tf.matMul(q, sums);
  const product = { kind: 'attention', positions: n, in: qk, kernel: 1 } as const;
  const out = [v, v.groups];
  for (let i = 0; i < 2; i++) m.cost({ ...product, out, groups: v.groups });
  const total = tf.slice(mixed, [0, 0, width], [entries, n, 1]);
  const weighed = tf.div(tf.slice(mixed, [0, 0, 0], [entries, n, width]), tf.add(total, EPS));
  const batch = entries / v.groups;
  const joined = tf.transpose(tf.reshape(weighed, [batch, v.groups, n, width]), [0, 2, 1, 3]);
  return m.tap('context', tf.reshape(joined, [batch, n, v.size]), v);
}

/** q, k and v of [batch, n, heads * (q | k | v)], which goes head by head: three of [batch, n, heads * d]. */
function splitHeads(x: Tensor, heads: number, headDim: number): Tensor[] {
  const [batch, n] = x.shape as [number, number];
  const grouped = tf.reshape(x, [batch * n, heads, 3 * headDim]);
  return tf.split(grouped, 3, 2).map((part) => tf.reshape(part, [batch, n, heads * headDim]));
}

/**
 * A convolution of each head's q, k and v with filters of their own, to those channels of `qk` and `v` that
 * are left. Its parameter is PyTorch's grouped 1x1 convolution, whose rows go head by head.
 *
 * @param parts q, k, v as [batch, n, heads * headDim]
 */
function perHeadProjection(
  m: Scope,
  parts: readonly Tensor[],
  { qk, v }: { qk: Dim; v: Dim },
  headDim: number,
): Tensor[] {
  const heads = qk.groups;
  const rows = qk.groupIds.flatMap((_, group) => [
    { dim: qk, group },
    { dim: qk, group },
    { dim: v, group },
  ]);
  const weight = m.param('weight', [rows, headDim, 1, 1], fanInUniform(headDim));
  const sizes = [qk.size, qk.size, v.size].map((size) => size / heads);
  const perGroup = tf.reshape(weight, [heads, -1, headDim]);
  const [batch, n] = parts[0]!.shape as [number, number];
  m.cost({ kind: 'linear', positions: n, in: headDim, out: rows, kernel: 1 });
  return tf.split(perGroup, sizes, 1).map((filters, i) => {
    const all = tf.reshape(parts[i]!, [batch * n, qk.fullGroups, headDim]);
    const present = heads < qk.fullGroups ? reindex(all, qk.groupIds, 1) : all;
    const y = tf.matMul(tf.transpose(present, [1, 0, 2]), filters, false, true);
    return tf.reshape(tf.transpose(y, [1, 0, 2]), [batch, n, heads * sizes[i]!]);
  });
}

/**
 * Multi-scale linear attention (`LiteMLA`): attention on q, k, v and on each of their aggregations over a
 * neighbourhood. Dims `branches.i.qk` and `branches.i.v`, grouped by head; the channels before the
 * aggregations belong to all branches and cannot be pruned.
 */
function multiScaleAttention(
  m: Scope,
  x: Tensor,
  channels: Dim,
  config: EfficientVitConfig,
): Tensor {
  const { head_dim: headDim, scales } = config;
  const heads = Math.floor(channels.full / headDim);
  const width = heads * headDim;
  const shared = m.dim('qkv', 3 * width, { prunable: false });
  const part = m.dim('part', width, { groups: heads, prunable: false });
  const [batch, height, columns] = x.shape as [number, number, number, number];
  const qkv = convNorm(m.child('qkv'), x, channels, shared, { kernel: 1, bias: false });
  const branches = m.child('branches');
  const plain = headDims(branches.child(0), part, heads);
  const own = splitHeads(tf.reshape(qkv, [batch, -1, 3 * width]), heads, headDim);
  const contexts = [
    linearAttention(
      branches.child(0),
      own.map((value, i) => take(value, i < 2 ? plain.qk : plain.v)),
      plain,
    ),
  ];
  const values: Dim[] = [plain.v];
  scales.forEach((kernel, i) => {
    const aggregation = m.child('aggreg').child(i);
    const spatial = { kernel, depthwise: true, bias: false };
    const near = conv2d(aggregation.child(0), qkv, shared, shared, spatial);
    const branch = branches.child(i + 1);
    const dims = headDims(branch, width, heads);
    const split = splitHeads(tf.reshape(near, [batch, -1, 3 * width]), heads, headDim);
    const parts = perHeadProjection(aggregation.child(1), split, dims, headDim);
    contexts.push(linearAttention(branch, parts, dims));
    values.push(dims.v);
  });
  const joined = tf.reshape(tf.concat(contexts, 2), [batch, height, columns, -1]);
  return convNorm(m.child('proj'), joined, values, channels, { kernel: 1, norm: 'norm' });
}

/**
 * An attention block: multi-scale attention and an inverted residual block, each with a shortcut. Dim `io`
 * is the view of the stream that the inverted residual block reads and writes; taps `in` and `out` (io).
 */
function attentionBlock(m: Scope, x: Tensor, channels: Dim, config: EfficientVitConfig): Tensor {
  const context = m.child('context_module').child('main');
  const mixed = tf.add(x, multiScaleAttention(context, x, channels, config));
  const tokens = m.tap('tokens', mixed, channels);
  const local = m.child('local_module').child('main');
  const io = local.dim('io', channels);
  const read = local.tap('in', take(tokens, io), io);
  const options = { ratio: config.expand_ratio, stride: 1, fewerNorms: true };
  const written = local.tap('out', localBlock(local, read, io, io, options), io);
  return m.tap('out', tf.add(tokens, put(written, io)), channels);
}

/** The stem: a strided convolution and residual separable ones. Dim `channels`. */
function stem(m: Scope, image: Tensor, config: EfficientVitConfig): { x: Tensor; channels: Dim } {
  const channels = m.dim('channels', config.widths[0]!);
  const options = { kernel: 3, stride: 2, norm: 'norm', activation: hardSwish } as const;
  let x = convNorm(m.child('in_conv'), image, config.in_chans, channels, options);
  x = m.tap('in', x, channels);
  for (let i = 0; i < config.depths[0]!; i++) {
    const block = m.child(`res${i}`).child('main');
    const local = localBlock(block, x, channels, channels, {
      ratio: 1,
      stride: 1,
      fewerNorms: false,
    });
    x = m.child(`res${i}`).tap('out', tf.add(x, local), channels);
  }
  return { x, channels };
}

/** A stage: a strided block, then residual ones, with attention in the later stages. Dim `channels`. */
function stage(m: Scope, input: Tensor, from: Dim, index: number, config: EfficientVitConfig) {
  const channels = m.dim('channels', config.widths[index + 1]!);
  const ratio = config.expand_ratio;
  const attends = index >= FIRST_ATTENTION;
  const block = (i: number) => m.child('blocks').child(i);
  const options = { ratio, stride: 2, fewerNorms: attends };
  const first = localBlock(block(0).child('main'), input, from, channels, options);
  let x = block(0).tap('out', first, channels);
  const last = config.depths[index + 1]! - (attends ? 0 : 1);
  for (let i = 1; i <= last; i++) {
    if (attends) {
      x = attentionBlock(block(i), x, channels, config);
    } else {
      const same = { ratio, stride: 1, fewerNorms: false };
      const local = localBlock(block(i).child('main'), x, channels, channels, same);
      x = block(i).tap('out', tf.add(x, local), channels);
    }
  }
  return { x, channels };
}

/** EfficientViT of MIT (Cai et al. 2023), as timm builds it. */
export const efficientvit: Architecture<EfficientVitConfig> = {
  name: 'efficientvit',
  module: '@kcr/backbones',
  tokens: 'grid',

  configure(partial) {
    const config = withDefaults('efficientvit', defaults, partial);
    const { widths, depths } = config;
    checkLengths('efficientvit', { widths, depths });
    for (const width of widths.slice(FIRST_ATTENTION + 1))
      checkDivides('efficientvit', 'widths by head_dim', width, config.head_dim);
    return config;
  },

  input: imageInput,

  forward(m, image, config) {
    let { x, channels } = stem(m.child('stem'), image, config);
    const featureMaps: FeatureMap[] = [];
    for (let i = 0; i + 1 < config.widths.length; i++) {
      ({ x, channels } = stage(m.child('stages').child(i), x, channels, i, config));
      featureMaps.push({ value: x, stride: 4 * 2 ** i });
    }
    const head = m.child('head');
    const [wide, hidden] = config.head_widths;
    const pooled = head.dim('channels', wide);
    const embed = head.dim('features', hidden, { prunable: false });
    const options = { kernel: 1, norm: 'norm', activation: hardSwish } as const;
    const last = convNorm(head.child('in_conv'), x, channels, pooled, options);
    const mean = tf.mean(head.tap('channels', last, pooled), [1, 2]);
    const classifier = head.child('classifier');
    const inner = linear(classifier.child(0), mean, pooled, embed, { bias: false });
    const normed = layerNorm(classifier.child(1), inner, embed, EPS);
    const features = m.tap('features', hardSwish(normed), embed);
    const read = dropout(classifier.child(3), features, config.drop_rate);
    const logits = linear(classifier.child(4), read, embed, config.num_classes);
    return { logits, features, tokens: x, featureMaps };
  },
};
