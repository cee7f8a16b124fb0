import { areNumbered, numberedClasses } from './numbered-classes.ts';

/** Names of classes in the order of the outputs; or how many classes there are, where nobody knows their names. */
export type KnownClasses = readonly string[] | number;

/** What is known of classes that may be called by their numbers alone. */
export const knownClasses = (classes: readonly string[]): KnownClasses =>
  areNumbered(classes) ? classes.length : classes;

/** Which output of a model is which class of some images. */
export type ClassMatch =
  /** `outputs` has the model's output of each class: known by names (or numbers of classes), or taken in order. */
  | { readonly by: 'name' | 'order'; readonly outputs: readonly number[] }
  /** Classes that the model does not have. */
  | { readonly by: 'none'; readonly why: 'names'; readonly unknown: readonly string[] }
  /** Another number of classes than that of a model without names. */
  | { readonly by: 'none'; readonly why: 'count' }
  /** Names that libraries sort differently, for a model without names; `first` is one of them. */
  | { readonly by: 'none'; readonly why: 'order'; readonly first: string };

/**
 * Decides which output of a model is which class of some images: the one rule for all that brings a trained classifier and
 * images together (weights that training starts from, evaluation, teachers).
 *
 * By name, where the model names its classes. Where it does not, the images' classes are taken in their order, if they are as
 * many and all libraries sort their names alike; names that are numbers are the numbers of the outputs.
 *
 * @param model its classes
 * @param images names of theirs, in their order; some of the model's may be missing
 */
export function matchClasses(model: KnownClasses, images: readonly string[]): ClassMatch {
  if (typeof model !== 'number') return byName(model, images);
  const numbers = byName(numberedClasses(model), images);
  if (numbers.by === 'name') return numbers;
  if (images.length !== model) return { by: 'none', why: 'count' };
  const sorted = [...images].sort(byNumbersWithin);
  const first = images.find((name, i) => name !== sorted[i]);
  if (first !== undefined) return { by: 'none', why: 'order', first };
  return { by: 'order', outputs: images.map((_, i) => i) };
}

/** Whether all classes of the images are the model's first, in its order. */
export const isInOrder = (match: ClassMatch): boolean =>
  match.by !== 'none' && match.outputs.every((output, i) => output === i);

function byName(model: readonly string[], images: readonly string[]): ClassMatch {
  const places = new Map(model.map((name, i) => [name, i]));
  const unknown = images.filter((name) => !places.has(name));
  if (unknown.length > 0) return { by: 'none', why: 'names', unknown };
  return { by: 'name', outputs: images.map((name) => places.get(name)!) };
}

/** timm's order of class folders, which torchvision's ImageFolder does not have. */
function byNumbersWithin(a: string, b: string): number {
  const parts = (name: string) => name.toLowerCase().split(/(\d+)/);
  const [ours, theirs] = [parts(a), parts(b)];
  for (const [i, part] of ours.entries()) {
    const other = theirs[i];
    if (other === undefined) return 1;
    const before = i % 2 === 1 ? Number(part) - Number(other) : byCharacters(part, other);
    if (before !== 0) return before;
  }
  return ours.length - theirs.length;
}

const byCharacters = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
