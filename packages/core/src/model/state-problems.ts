import { type NdArray, shapeText } from '../ground/array.ts';

/** Names that a message lists of each kind. */
const LISTED = 5;

/** The first names of a list and how many more there are. */
export function firstNames(names: readonly string[], most = LISTED): string {
  const more = names.length > most ? [`${names.length - most} more`] : [];
  return [...names.slice(0, most), ...more].join(', ');
}

const counted = (what: string, names: readonly string[]) =>
  names.length > 0 ? [`${names.length} ${what}: ${firstNames(names)}`] : [];

/** What is wrong with a state dict, as text; nothing where all is well. */
export const stateProblems = (names: {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly misshapen: readonly string[];
}): string =>
  [
    ...counted('missing', names.missing),
    ...counted('unexpected', names.unexpected),
    ...counted('of another shape', names.misshapen),
  ].join('; ');

/** What is wrong with an array's shape, with its name. */
export const misfit = (
  found: NdArray,
  { name, shape }: { readonly name: string; readonly shape: readonly number[] },
): string | undefined =>
  shapeText(found.shape) === shapeText(shape)
    ? undefined
    : `${name} is ${shapeText(found.shape)} instead of ${shapeText(shape)}`;
