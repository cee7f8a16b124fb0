import { withValue } from './dotted-path.ts';
import type { Point, WrittenRecipe } from './sweep.ts';

/** A recipe with other values at some paths. */
export const withPoint = (recipe: WrittenRecipe, point: Point): WrittenRecipe =>
  Object.entries(point).reduce(
    (changed, [path, value]) => withValue(changed, path, value) as WrittenRecipe,
    recipe,
  );

/** What a setting is, in a message. */
export const pointText = (point: Point): string =>
  Object.entries(point)
    .map(([path, value]) => `${path} = ${JSON.stringify(value)}`)
    .join(', ');
