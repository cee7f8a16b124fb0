import { sizeOf } from '../ground/array.ts';
import { axisChannels, type Dim, viewIndices } from '../model/dim.ts';
import type { Model } from '../model/model.ts';
import type { WeightValues } from './weight-values.ts';

export interface ChannelSumOptions {
  /**
   * Which axes of a parameter count: all that carry a channel, or the first alone, the outputs of a layer.
   * Default `all`.
   */
  axes?: 'all' | 'outputs';
  /** Count matrices and filters alone, without biases and norms. Default false. */
  weightsOnly?: boolean;
}

type Place = ReturnType<typeof axisChannels>[number];

/** The channel that a position of an axis carries, and the one that a view sees there. */
function carried(place: Place): NonNullable<Place>[] {
  if (!place) return [];
  const { dim, channel } = place;
  if (!dim.of) return [place];
  return [place, { dim: dim.of, channel: viewIndices(dim)?.[channel] ?? channel }];
}

/**
 * Sums a value of each weight over all the weights that carry a channel, for every channel of every dimension
 * that can be pruned. What q and k share is summed over both; what carries a channel of a view carries the one that
 * the view sees, too, since it goes with it.
 *
 * @returns by dimension name; dimensions that no weight carries, such as views of an activation's channels
 *   where the weights are another's, are absent
 */
export function channelSums(
  model: Model,
  values: WeightValues,
  { axes = 'all', weightsOnly = false }: ChannelSumOptions = {},
): Map<string, Float64Array> {
  const sums = new Map<string, Float64Array>();
  const sumOf = (dim: Dim) => {
    const sum = sums.get(dim.name) ?? new Float64Array(dim.size);
    sums.set(dim.name, sum);
    return sum;
  };
  for (const { name, shape, axes: named, trainable } of model.params) {
    const data = values[name];
    if (!trainable || !data || (weightsOnly && shape.length < 2)) continue;
    named.slice(0, axes === 'outputs' ? 1 : undefined).forEach((axis, at) => {
      const after = sizeOf(shape.slice(at + 1));
      const along = shape[at]!;
      const targets = axisChannels(axis).map((place) =>
        carried(place)
          .filter(({ dim }) => dim.prunable)
          .map(({ dim, channel }) => ({ sum: sumOf(dim), channel })),
      );
      for (let i = 0; i < data.length; i++)
        for (const { sum, channel } of targets[Math.floor(i / after) % along]!)
          sum[channel]! += data[i]!;
    });
  }
  return sums;
}
