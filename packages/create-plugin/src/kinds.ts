/** A kind of extension that a package can be written for. */
export interface Kind {
  /** What it is called in a list. */
  readonly title: string;
  /** What the sample does, for the list and the package's README. */
  readonly sample: string;
  /** The package of which it is a definition besides core, and of which it is a peer. */
  readonly peers?: readonly string[];
  /** Whether it checks its options with zod. */
  readonly zod: boolean;
  /** What images its recipe takes. */
  readonly images?: string;
}

/** The kinds, by the names that `--kind` takes and that their folders in `templates` have. */
export const kinds = {
  plugin: {
    title: 'Regulariser',
    sample: 'a term of the loss that draws features towards the mean of their class',
    zod: true,
  },
  mask: {
    title: 'Search mask',
    sample: 'gates that learn which channels stay, under a cost',
    zod: true,
  },
  criterion: {
    title: 'Criterion',
    sample: 'scores of channels: their mean activation on some images',
    zod: true,
  },
  allocator: {
    title: 'Allocator',
    sample: 'numbers of channels to keep: a share that falls from the first dimension to the last',
    zod: true,
  },
  schedule: {
    title: 'Schedule',
    sample: 'steps of a pruning: large ones first, small ones at the end',
    zod: true,
  },
  adapter: {
    title: 'Adapter',
    sample: 'a trained scale and shift of each channel, in any model',
    zod: true,
  },
  'token-selector': {
    title: 'Token selector',
    sample: 'tokens that differ most from their mean are kept',
    zod: true,
  },
  backbone: {
    title: 'Backbone',
    sample: 'a small model of depthwise convolutions and MLPs, in two stages',
    zod: false,
  },
  head: {
    title: 'Head',
    sample: 'semantic segmentation from two maps of any backbone with stages',
    peers: ['@kcr/detect'],
    zod: false,
    images:
      '`train/images`, `train/labels`, `val/images` and `val/labels`, with a class in each pixel of a label',
  },
} as const satisfies Readonly<Record<string, Kind>>;

/** The name of a kind. */
export type KindName = keyof typeof kinds;

/** All of them. */
export const kindNames = Object.keys(kinds) as KindName[];
