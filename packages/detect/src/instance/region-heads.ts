import { arange, type Scope, type Tensor } from '@kcr/core';
import type { Pyramid } from '../head/fpn.ts';
import type { HeadConfig } from '../head/head.ts';
import { find } from './find-regions.ts';
import { losses } from './region-losses.ts';
import type { Heads, RegionConfig, RegionStage } from './region-reading.ts';
import type { Truth } from './truth.ts';

/** The heads over `proposals` [batch, n, 4]. */
export function regionHeads(
  m: Scope,
  pyramid: Pyramid,
  stages: readonly RegionStage[],
  config: RegionConfig & Pick<HeadConfig, 'num_classes'>,
) {
  const classes = config.num_classes;
  const heads: Heads = { m, pyramid, classes, classIndex: arange([1, classes]), stages, config };
  return {
    find: (proposals: Tensor) => find(heads, proposals),
    losses: (proposals: Tensor, truth: Truth) => losses(heads, proposals, truth),
  };
}
