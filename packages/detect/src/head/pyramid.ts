import { adaptiveAveragePool, type FeatureMap, KcrError, resizeBilinear } from '@kcr/core';

/**
 * The maps of a backbone at the strides that a head needs: of each stride the last one. A stride that it does not
 * have is made from the nearest one, bilinearly or by means, so that a plain ViT has a pyramid too.
 *
 * @param backbone its name, for the error
 * @throws KcrError `BACKBONE_MAPS` for backbones without maps, such as those whose tokens were taken out
 */
export function mapsAtStrides(
  maps: readonly FeatureMap[],
  strides: readonly number[],
  backbone: string,
): FeatureMap[] {
  if (maps.length === 0)
    throw new KcrError('BACKBONE_MAPS', {
      where: `backbone ${backbone}`,
      found: 'no feature maps',
      fix: 'Use a backbone with `stages`, and with all its tokens',
    });
  return strides.map((stride) => atStride(maps, stride));
}

function atStride(maps: readonly FeatureMap[], stride: number): FeatureMap {
  const own = maps.findLast((map) => map.stride === stride);
  if (own) return own;
  const apart = (map: FeatureMap) => Math.abs(Math.log2(map.stride / stride));
  const {
    value,
    dim,
    stride: from,
  } = maps.reduce((best, map) => (apart(map) <= apart(best) ? map : best));
  const [, height, width] = value.shape as [number, number, number, number];
  const at = (n: number) => Math.max(Math.round((n * from) / stride), 1);
  const size = [at(height), at(width)] as const;
  const resize = from > stride ? resizeBilinear : adaptiveAveragePool;
  return { value: resize(value, size), dim, stride };
}
