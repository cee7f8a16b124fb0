import { KcrError } from '../ground/error.ts';
import { nearest } from '../ground/nearest.ts';
import type { Model } from '../model/model.ts';
import { isWithin, pathsOf } from '../model/paths.ts';

/**
 * Which of a model's parameters are trained. At most one of the two is given, as paths: `blocks.0` is all that is in the first
 * block, and not `blocks.01`. Adapters' parameters are the model's too, so they can be trained alone.
 *
 * What is frozen has no gradient, no decay and no state of the optimiser. Batch norms that are frozen normalise by their running
 * statistics, which stay too (timm's `freeze`); dropout goes on. In a search this holds of the weights' steps: those of the
 * architecture normalise by the batch and move no statistics, whatever is frozen.
 */
export interface Freezing {
  /** Parts that stay as they are. */
  freeze?: readonly string[];
  /** The only parts that are trained: `["head"]` is a linear probe. */
  trainable?: readonly string[];
}

/** What is frozen in a training whose weights may all stay as they are. */
export const freezingOf = ({
  freeze,
  trainable,
  freezeWeights,
}: Freezing & { freezeWeights?: boolean }): Freezing =>
  freezeWeights ? { trainable: [] } : { freeze, trainable };

/**
 * Which parameters and buffers stay as they are.
 *
 * @throws KcrError `OPTION` where both are given, and for a path of nothing in the model
 */
export function frozenParts(
  model: Model,
  { freeze, trainable }: Freezing,
): (name: string) => boolean {
  if (freeze && trainable)
    throw new KcrError('OPTION', {
      where: 'trainable',
      found: 'given beside `freeze`',
      fix: 'Give what stays, or what is trained',
    });
  checkPaths(model, freeze ?? [], 'freeze');
  checkPaths(model, trainable ?? [], 'trainable');
  const isIn = (paths: readonly string[]) => (name: string) =>
    paths.some((path) => isWithin(name, path));
  if (!trainable) return isIn(freeze ?? []);
  const isTrained = isIn(trainable);
  return (name) => !isTrained(name);
}

/**
 * Checks that paths name something in a model.
 *
 * @param where the option that they are given by
 * @throws KcrError `OPTION` with the names that are nearest
 */
export function checkPaths(model: Model, paths: readonly string[], where: string): void {
  const known = pathsOf(model.params.map(({ name }) => name));
  for (const path of paths) {
    if (known.has(path)) continue;
    const names = nearest(path, [...known]).join(', ');
    throw new KcrError('OPTION', {
      where,
      found: `"${path}", which is nothing in ${model.architecture.name}`,
      fix: `Give paths of its parameters, such as ${names}`,
    });
  }
}
