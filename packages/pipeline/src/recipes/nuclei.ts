import type { RecipeInput } from './recipe.ts';
import { searchOnDense } from './search-on-dense.ts';

/** A Swin of four stages, 1.8 M parameters. */
const swin = {
  name: 'swin_tiny_patch4_window7_224',
  config: {
    img_size: 256,
    window_size: 8,
    embed_dim: 32,
    depths: [2, 2, 2, 2],
    num_heads: [2, 4, 8, 16],
  },
};

/** Of fluorescence images, most of which is dark. */
const normalization = { mean: [0.2, 0.2, 0.2], std: [0.2, 0.2, 0.2] };

const images = {
  normalization,
  train: { images: 'train/images', labels: 'train/labels' },
  test: { images: 'val/images', labels: 'val/labels' },
  framing: { scaleJitter: { scale: [0.8, 1.5] as [number, number] } },
  flip: { horizontal: 0.5, vertical: 0.5 },
};

const complexity = { rank: 20, landmarks: 128 };

const nystrom = (eta: number) => ({
  use: '@kcr/nystrom#kcrNystrom',
  options: { eta, ...complexity, warmup: 0.3 },
});

interface Task {
  head: NonNullable<RecipeInput['model']['head']>;
  data: RecipeInput['data'];
  training: Omit<RecipeInput['retrain'], 'epochs' | 'initial' | 'plugins'>;
  epochs: number;
  /** Share of the MACs that the compact model may have, heads included: they have most of them. */
  budget: number;
}

/**
 * KCR on 268 images of cell nuclei of 256 pixels, in minutes on two cores: the channels of a small Swin's MLPs are
 * searched in the task itself, on the dense model's weights, which the compact model inherits.
 */
const nuclei = (name: string, { head, data, training, epochs, budget }: Task): RecipeInput => ({
  name,
  model: { ...swin, head },
  data,
  dense: { ...training, epochs, plugins: [nystrom(0)] },
  // A third of what is searched may stay.
  search: searchOnDense({ ...training, epochs: 4 }, budget),
  retrain: { ...training, epochs, initial: 'dense', plugins: [nystrom(0.01)] },
  complexity,
});

/** The recipes for the images of nuclei of the repository. */
export const nucleiRecipes: readonly RecipeInput[] = [
  nuclei('upernet-kcr-swin-nuclei', {
    head: { name: 'upernet', config: { num_classes: 2, channels: 48, auxiliary_channels: 32 } },
    data: { ...images, kind: 'semantic', classes: ['background', 'nucleus'], instanceIds: true },
    training: {
      batchSize: 4,
      emaDecay: 0.99,
      optimizer: { lr: 1e-3, minLr: 1e-5, warmupEpochs: 1, weightDecay: 0.01 },
    },
    epochs: 10,
    budget: 0.82,
  }),
  nuclei('mask-rcnn-kcr-swin-nuclei', {
    head: {
      name: 'mask_rcnn',
      config: {
        num_classes: 1,
        out_channels: 64,
        fc_out_channels: 256,
        anchor_scale: 4,
        rpn_nms_pre: 400,
        rpn_max_per_img: 300,
        rcnn_num: 128,
      },
    },
    data: { ...images, kind: 'instances', className: 'nucleus' },
    training: {
      batchSize: 2,
      clipGrad: 5,
      emaDecay: 0.99,
      optimizer: { lr: 5e-4, minLr: 1e-5, warmupEpochs: 1, weightDecay: 0.05 },
    },
    epochs: 12,
    budget: 0.96,
  }),
];
