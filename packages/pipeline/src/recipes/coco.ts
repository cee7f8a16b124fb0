import { ade20k } from './ade20k.ts';
import type { RecipeInput } from './recipe.ts';

type Training = RecipeInput['retrain'];

/** Swin's settings of 36 epochs: the learning rate falls to a tenth after 27 and 33 of them. */
const swinCoco: Training = {
  epochs: 36,
  batchSize: 16,
  optimizer: {
    lr: 1e-4,
    minLr: 1e-7,
    warmupEpochs: 0.14,
    weightDecay: 0.05,
    decay: { milestones: [27 / 36, 33 / 36] },
  },
};

const coco = {
  kind: 'coco' as const,
  train: { images: 'train2017', annotations: 'annotations/instances_train2017.json' },
  test: { images: 'val2017', annotations: 'annotations/instances_val2017.json' },
  flip: { horizontal: 0.5 },
  // COCO's own files have a few empty boxes.
  invalid: 'skip' as const,
};

/** Short sides of 480 to 800 pixels, long ones up to 1333, on canvases that hold both orientations. */
const multiScale = {
  ...coco,
  framing: {
    shortSide: { short: [480, 512, 544, 576, 608, 640, 672, 704, 736, 768, 800], long: 1333 },
  },
  testFraming: { shortSide: { short: 800, long: 1333 } },
};

const cascade = (name: string, model: string, stochasticDepth: number): RecipeInput => ({
  name,
  model: {
    name: model,
    config: { img_size: 1344, drop_path_rate: stochasticDepth },
    head: { name: 'cascade_mask_rcnn' },
  },
  data: multiScale,
  retrain: swinCoco,
  complexity: { rank: 20, landmarks: 1024 },
});

const qkMask = { use: '@kcr/masks#qkMask' };

/** SSDLite at 320 px on a backbone of DCS (DCS, appendix D). */
const ssdlite = (name: string, model: string): RecipeInput => ({
  name,
  model: { name: model, config: { img_size: 320 }, head: { name: 'ssdlite' } },
  adapters: [qkMask],
  data: {
    ...coco,
    masks: false,
    framing: { scaleJitter: { scale: [0.5, 2] as [number, number] } },
    augment: ['photometricDistortion'],
  },
  retrain: {
    epochs: 200,
    batchSize: 128,
    emaDecay: 0.9995,
    optimizer: { lr: 9e-4, minLr: 1.6e-6, weightDecay: 0.01 },
  },
  complexity: { rank: 20, landmarks: 1024 },
});

/** The recipes for COCO and ADE20K, with the papers' settings. A trained backbone comes by `--backbone`. */
export const cocoRecipes: readonly RecipeInput[] = [
  cascade('cascade-mask-rcnn-kcr-swin-tiny-coco', 'swin_tiny_patch4_window7_224', 0.2),
  cascade('cascade-mask-rcnn-kcr-swin-base-coco', 'swin_base_patch4_window7_224', 0.3),
  {
    name: 'mask-rcnn-dcs-efficientvit-b1-coco',
    model: { name: 'efficientvit_b1', config: { img_size: 1344 }, head: { name: 'mask_rcnn' } },
    adapters: [qkMask],
    data: { ...multiScale, framing: multiScale.testFraming },
    retrain: {
      epochs: 12,
      batchSize: 16,
      // DCS, appendix E: AdamW with a cosine from 1e-3, over the 12 epochs of the 1x schedule.
      optimizer: {
        lr: 1e-3,
        minLr: 1e-6,
        warmupEpochs: 0.07,
        weightDecay: 0.01,
        decay: 'cosine',
      },
    },
    complexity: { rank: 20, landmarks: 1024 },
  },
  ssdlite('ssdlite-dcs-mobilevit-s-coco', 'mobilevit_s'),
  ssdlite('ssdlite-dcs-mobilevit-xs-coco', 'mobilevit_xs'),
  ssdlite('ssdlite-dcs-efficientvit-b1-coco', 'efficientvit_b1'),
  {
    // 160,000 steps of 16 images.
    name: 'upernet-kcr-swin-base-ade20k',
    model: {
      name: 'swin_base_patch4_window7_224',
      config: { img_size: 512, drop_path_rate: 0.3 },
      head: { name: 'upernet' },
    },
    data: {
      kind: 'semantic',
      classes: ade20k,
      reduceZeroLabel: true,
      train: { images: 'images/training', labels: 'annotations/training' },
      test: { images: 'images/validation', labels: 'annotations/validation' },
      framing: { scaleJitter: { scale: [0.5, 2], fit: 'cover' } },
      flip: { horizontal: 0.5 },
      maxClassShare: 0.75,
      augment: ['photometricDistortion'],
      testViews: { scales: [0.5, 0.75, 1, 1.25, 1.5, 1.75], flip: true, fit: 'cover' },
    },
    retrain: {
      epochs: 127,
      batchSize: 16,
      optimizer: { lr: 6e-5, minLr: 1e-9, warmupEpochs: 1.2, weightDecay: 0.01, decay: 'linear' },
    },
    complexity: { rank: 20, landmarks: 1024 },
  },
];
