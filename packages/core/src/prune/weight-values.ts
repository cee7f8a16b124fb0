import { sizeOf } from '../ground/array.ts';
import type { Model } from '../model/model.ts';
import type { ParamSpec } from '../model/scope.ts';

/** A value for each weight, by parameter, or for each channel, by dimension. */
export type WeightValues = Readonly<Record<string, Float64Array>>;

/**
 * A value for each trained weight, made from its parameter's name and its place.
 *
 * @param only which parameters; default all
 */
export const weightValues = (
  model: Model,
  value: (name: string, i: number) => number,
  only: (weight: ParamSpec) => boolean = () => true,
): WeightValues =>
  Object.fromEntries(
    model.params
      .filter((p) => p.trainable && only(p))
      .map(({ name, shape }) => [
        name,
        Float64Array.from({ length: sizeOf(shape) }, (_, i) => value(name, i)),
      ]),
  );
