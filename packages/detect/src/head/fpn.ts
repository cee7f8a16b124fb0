import {
  conv2d,
  type Dim,
  type FeatureMap,
  resizeNearest,
  type Scope,
  type Tensor,
  tf,
} from '@kcr/core';

/** Maps of one width, from fine to coarse. */
export interface Pyramid {
  levels: readonly FeatureMap[];
  channels: Dim;
  /** Height and width of the images. */
  size: readonly [number, number];
}

const sizeOf = (map: Tensor): readonly [number, number] => [map.shape[1]!, map.shape[2]!];

/**
 * The feature pyramid (Lin et al. 2017), as OpenMMLab builds it: all levels of one width, the coarser ones added to the
 * finer, and below the last as many more as there are strides.
 *
 * @param maps from fine to coarse
 * @param levels how many to give; those beyond the maps are every second position of the level before
 */
export function fpn(
  m: Scope,
  maps: readonly FeatureMap[],
  channels: Dim,
  levels = maps.length,
): FeatureMap[] {
  const sums = maps.map(({ value, dim }, i) =>
    conv2d(m.child('lateral_convs').child(i).child('conv'), value, dim, channels, { kernel: 1 }),
  );
  for (let i = sums.length - 2; i >= 0; i--)
    sums[i] = tf.add(sums[i]!, resizeNearest(sums[i + 1]!, sizeOf(sums[i]!)));
  const pyramid = sums.map((sum, i): FeatureMap => {
    const level = m.child('fpn_convs').child(i);
    const read = level.tap('in', sum, channels);
    const value = conv2d(level.child('conv'), read, channels, channels, { kernel: 3 });
    return { value: level.tap('out', value, channels), dim: channels, stride: maps[i]!.stride };
  });
  while (pyramid.length < levels) {
    const { value, stride } = pyramid.at(-1)!;
    const [height, width] = sizeOf(value).map((n) => Math.ceil(n / 2)) as [number, number];
    const half = resizeNearest(value, [height, width]);
    pyramid.push({ value: half, dim: channels, stride: 2 * stride });
  }
  return pyramid;
}
