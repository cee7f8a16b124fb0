import { float32, type Generator, KcrError, type LabelledBatch, type NdArray } from '@kcr/core';

export interface MixOptions {
  /** Shape of mixup's Beta distribution; 0: no mixup. Default 0. */
  mixup?: number;
  /** Shape of CutMix's Beta distribution; 0: no CutMix. Default 0. */
  cutmix?: number;
  /** Share of the batches that are mixed. Default 1. */
  probability?: number;
  /** Share of CutMix where both are used. Default 0.5. */
  switchProbability?: number;
}

/** A rectangle of an image, in pixels. */
interface Box {
  top: number;
  bottom: number;
  left: number;
  right: number;
}

/** Where CutMix puts the other image: a box of a share of the area, around any point, cut at the borders. */
function randomBox(height: number, width: number, share: number, generator: Generator): Box {
  const [h, w] = [height, width].map((n) => Math.floor(n * Math.sqrt(share))) as [number, number];
  const [y, x] = [generator.integer(height), generator.integer(width)];
  const inside = (at: number, most: number) => Math.min(Math.max(at, 0), most);
  return {
    top: inside(y - (h >> 1), height),
    bottom: inside(y + (h >> 1), height),
    left: inside(x - (w >> 1), width),
    right: inside(x + (w >> 1), width),
  };
}

/**
 * Mixes each image of a batch with the one at the same place from the end, as timm does: by mixup (Zhang et al. 2018),
 * lambda x + (1 - lambda) x', or by CutMix (Yun et al. 2019), a box of x' in x. Targets are mixed alike, by the area for
 * CutMix.
 *
 * @throws KcrError `OPTION`
 */
export function mix(
  batch: LabelledBatch,
  classes: number,
  options: MixOptions,
  generator: Generator,
): LabelledBatch {
  const { mixup = 0, cutmix = 0, probability = 1, switchProbability = 0.5 } = options;
  if (![mixup, cutmix].every((shape) => shape >= 0 && Number.isFinite(shape)))
    throw new KcrError('OPTION', {
      where: 'mixup, cutmix',
      found: `${mixup}, ${cutmix}`,
      fix: 'Give shapes of Beta distributions, 0 or above',
    });
  // Always soft, so that every batch of an epoch has the same inputs.
  if (mixup + cutmix === 0 || generator.uniform() >= probability)
    return { ...batch, target: mixedTargets(batch, classes, 1) };
  const cuts = cutmix > 0 && (mixup === 0 || generator.uniform() < switchProbability);
  const lambda = generator.beta(cuts ? cutmix : mixup);
  if (!cuts)
    return {
      ...batch,
      image: mixedImages(batch, () => lambda),
      target: mixedTargets(batch, classes, lambda),
    };
  const [, height, width] = batch.image.shape as [number, number, number, number];
  const box = randomBox(height, width, 1 - lambda, generator);
  const inBox = (y: number, x: number) =>
    y >= box.top && y < box.bottom && x >= box.left && x < box.right;
  const area = (box.bottom - box.top) * (box.right - box.left);
  return {
    ...batch,
    image: mixedImages(batch, (y, x) => (inBox(y, x) ? 0 : 1)),
    target: mixedTargets(batch, classes, 1 - area / (height * width)),
  };
}

/** @param own share of an image's own pixel */
function mixedImages({ image }: LabelledBatch, own: (y: number, x: number) => number) {
  const [n, height, width, channels] = image.shape as [number, number, number, number];
  const shares = Float64Array.from({ length: height * width }, (_, p) =>
    own(Math.floor(p / width), p % width),
  );
  const size = shares.length * channels;
  const { data } = image;
  const mixed = new Float32Array(data.length);
  for (let i = 0; i < n; i++) {
    let at = i * size;
    let other = (n - 1 - i) * size;
    for (const share of shares)
      for (let c = 0; c < channels; c++, at++, other++)
        mixed[at] = share * data[at]! + (1 - share) * data[other]!;
  }
  const result: NdArray = { dtype: 'float32', shape: image.shape, data: mixed };
  return result;
}

/** @param own share of an image's own class */
function mixedTargets({ label }: LabelledBatch, classes: number, own: number) {
  const n = label.data.length;
  const target = new Float32Array(n * classes);
  for (let i = 0; i < n; i++) {
    target[i * classes + label.data[i]!]! += own;
    target[i * classes + label.data[n - 1 - i]!]! += 1 - own;
  }
  return float32([n, classes], target);
}
