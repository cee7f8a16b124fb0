import type { Tensor } from '../tensor/tf.ts';
import type { Dim } from './dim.ts';

/** What a model gives. */
export interface ModelOutput {
  /** Before the softmax, classes last: [batch, classes]; in dense prediction for each pixel or region. */
  logits: Tensor;
  /** [batch, d], exactly what the classifier reads: after the final norm and pooling. */
  features: Tensor;
  /** The last feature map after the final norm: [batch, tokens, d], or [batch, height, width, d]. */
  tokens: Tensor;
  /** The stages' maps, from fine to coarse, as timm's `features_only` gives them. */
  featureMaps: FeatureMap[];
  /** Terms of the training loss of a model that was given targets, by name. */
  losses?: Readonly<Record<string, Tensor>>;
  /** What a model with a head found, by name. */
  results?: Readonly<Record<string, Tensor>>;
}

/** A feature map of a backbone. */
export interface FeatureMap {
  /** [batch, height, width, channels] */
  value: Tensor;
  /** The dimension of the channels. */
  dim: Dim;
  /** Image pixels to a step of the map (timm's `reduction`). */
  stride: number;
}

/** What is known of a feature map before it is computed. */
export interface FeatureInfo {
  stride: number;
  height: number;
  width: number;
  channels: number;
}
