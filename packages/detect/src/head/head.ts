import {
  type Architecture,
  type Extension,
  type FeatureMap,
  type MakeHead,
  type MakerInfo,
  type ModelOutput,
  type OptionRanges,
  type Scope,
  type Task,
  type Tensor,
  tf,
  wholeFrom,
  withDefaults,
} from '@kcr/core';
import { marked } from '@kcr/core/internal';
import { mapsAtStrides } from './pyramid.ts';

/** Options that every model with a head has. */
export interface HeadConfig {
  /** The backbone's own options. */
  backbone: object;
  num_classes: number;
}

/** How many classes a head may tell apart. */
const CLASSES = wholeFrom(1, 2 ** 16);

type Named = Readonly<Record<string, Tensor>>;

/** What a head works on. */
export interface HeadInput<C extends object> {
  /** The backbone's, at the strides that the head takes. */
  maps: readonly FeatureMap[];
  /** What the backbone was given. */
  image: Tensor;
  config: C & HeadConfig;
  /** What is known of a training batch. */
  targets?: Named;
}

/** A head for dense prediction. */
export interface Head<C extends object> extends Extension {
  /** The package that exports what is made of it in a table `heads`, so that a saved model can find it. */
  readonly module: string;
  readonly task: Task;
  readonly defaults: C & { num_classes: number };
  /** The numbers that its options may have. */
  readonly ranges?: OptionRanges<C>;
  /** The strides of the maps that it takes, from fine to coarse. */
  strides(config: C): readonly number[];
  /** What it makes of the backbone's maps. */
  forward(m: Scope, input: HeadInput<C>): Pick<ModelOutput, 'logits' | 'losses' | 'results'>;
}

/**
 * Defines a head: what makes an architecture of any backbone that has stages. The backbone's parameters, dims and
 * taps are those it has alone, under `backbone.`; `features` is the mean over its coarsest map.
 */
export const defineHead = <C extends object>(head: Head<C>): MakeHead<C & HeadConfig> & MakerInfo =>
  marked('head', head, (backbone: Architecture) => ({
    name: head.name,
    contract: head.contract,
    needs: head.needs,
    module: head.module,
    tokens: backbone.tokens,
    task: head.task,
    backbone,
    configure(partial) {
      const { backbone: own = {}, ...options } = partial;
      const ranges = { num_classes: CLASSES, ...head.ranges } as OptionRanges<typeof head.defaults>;
      const given = options as Partial<C & { num_classes: number }>;
      return {
        ...withDefaults(head.name, head.defaults, given, ranges),
        backbone: backbone.configure(own),
      };
    },
    input: (config) => ({
      shape: backbone.input(config.backbone).shape,
      classes: config.num_classes,
    }),
    forward(m, image, config, targets) {
      const strides = head.strides(config);
      const own = backbone.stages?.(m.child('backbone'), image, config.backbone) ?? [];
      const maps = mapsAtStrides(own, strides, backbone.name);
      const { value: tokens, dim } = maps.at(-1)!;
      const features = m.tap('features', tf.mean(tokens, [1, 2]), dim);
      return {
        features,
        tokens,
        featureMaps: [...maps],
        ...head.forward(m, { maps, image, config, targets }),
      };
    },
  }));
