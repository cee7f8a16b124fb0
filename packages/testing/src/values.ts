import {
  Generator,
  type Model,
  type NdArray,
  type Scores,
  type StateDict,
  sizeOf,
} from '@kcr/core';

/** Normal numbers of a shape. */
export function noise(shape: readonly number[], seed: number): NdArray {
  return { dtype: 'float32', shape, data: new Generator(seed).array(sizeOf(shape), 'normal') };
}

/**
 * Weights with which every channel and token matters, and of which no array is made of equal numbers, since norms would hide what
 * is wrong with them.
 */
export function livelyWeights(model: Model): StateDict {
  const weights = model.initialize(new Generator(3));
  for (const [i, { shape, data, dtype }] of Object.values(weights).entries()) {
    if (dtype !== 'float32') continue;
    if (shape.length > 1) {
      const fanIn = sizeOf(shape.slice(1));
      data.set(noise(shape, 100 + i).data.map((x) => x / fanIn ** 0.5));
    } else data.forEach((x, k) => (data[k] = x + 0.3 * Math.sin(i + k)));
  }
  return weights;
}

/** Images for a model. */
export const imagesFor = (model: Model, count: number, seed = 2): NdArray =>
  noise([count, ...model.inputShape], seed);

/** Largest |x|. */
const largest = ({ data }: NdArray): number =>
  Array.from(data).reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** Largest |a - b|; infinite for arrays of other shapes. */
export function maxDifference(a: NdArray | undefined, b: NdArray | undefined): number {
  if (a?.shape.join() !== b?.shape.join()) return Number.POSITIVE_INFINITY;
  return Array.from(a!.data).reduce((most, x, i) => Math.max(most, Math.abs(x - b!.data[i]!)), 0);
}

/** How far named arrays lie apart at most, and by which name. */
export function farthest(
  found: Readonly<Record<string, NdArray>>,
  expected: Readonly<Record<string, NdArray>>,
): { name: string; difference: number; largest: number } {
  let worst = { name: '', difference: 0, largest: 0, relative: -1 };
  for (const [name, value] of Object.entries(expected)) {
    const difference = maxDifference(found[name], value);
    const most = largest(value);
    const relative = difference / Math.max(1, most);
    if (!(relative <= worst.relative)) worst = { name, difference, largest: most, relative };
  }
  return worst;
}

/** A number as people read it: 1,234,567 or 0.0123. */
export const numberText = (x: number): string =>
  Number.isInteger(x) ? x.toLocaleString('en-US') : x.toPrecision(3);

/** Scores of dimensions, at random. */
export function randomScores(
  dims: Iterable<{ readonly name: string; readonly size: number }>,
): Scores {
  const generator = new Generator(17);
  return new Map(Array.from(dims, ({ name, size }) => [name, generator.array(size, 'uniform')]));
}
