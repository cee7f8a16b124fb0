import { Generator, type ImageSet, type Model, type NdArray, type Plugin } from '@kcr/core';
import { usualEngine } from '../engines.ts';
import { type CheckOf, type Finding, fails, holds, leftOut } from '../suite.ts';
import { startTraining, trainedNames, trainedText } from '../trainers.ts';
import { livelyWeights, numberText } from '../values.ts';
import { type ModelSubject, NO_IMAGES, placeOf } from './subject.ts';

type Arrays = Record<string, NdArray>;

/** Directions in which all trained arrays are moved at once, */
const DIRECTIONS = 3;

/** and by how much the loss should change: the more, the less rounding matters, and the less the slope is that of one point. */
const CHANGES = [2e-3, 6e-4, 2e-4];

/** How wrong a slope may be, as a share of what slopes are along such directions. */
const TOLERANCE = 0.01;

/** Sum of the products of two arrays. */
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, x, i) => sum + x * b[i]!, 0);

/** A direction in some arrays: each of them moves as far as the others, however large it is. */
function direction(
  arrays: Arrays,
  names: readonly string[],
  generator: Generator,
): Map<string, Float32Array> {
  return new Map(
    names.map((name) => {
      const data = generator.array(arrays[name]!.data.length, 'normal');
      const length = Math.sqrt(dot(data, data)) || 1;
      return [name, data.map((x) => x / length)];
    }),
  );
}

/** A loss as a function of the arrays of a training, with its gradients. */
interface Loss {
  readonly arrays: Arrays;
  readonly names: readonly string[];
  readonly gradients: ReadonlyMap<string, Float32Array>;
  readonly value: number;
  at(moved: ReadonlyMap<string, Float32Array>, by: number): Promise<number>;
}

/** Slopes below this are not told from 0. */
const LEAST = 1e-3;

/** What a loss in float32 is not told from, as a share of it. */
const ROUNDING = 3e-7;

/**
 * The slope along a direction, and how wrong it may be: by rounding, which small steps make worse, and by how unlike the two sides of
 * it are, which a kink between them (a rectifier, a maximum) makes them.
 */
async function slope(
  loss: Loss,
  along: ReadonlyMap<string, Float32Array>,
  scale: number,
): Promise<{ value: number; error: number }> {
  let best = { value: Number.NaN, error: Number.POSITIVE_INFINITY };
  for (const change of CHANGES) {
    const h = change / Math.max(scale, LEAST);
    const [up, down] = [await loss.at(along, h), await loss.at(along, -h)];
    const unlike = Math.abs(up - 2 * loss.value + down) / (2 * h);
    const error = unlike + (ROUNDING * Math.max(1, Math.abs(loss.value))) / h;
    if (error < best.error) best = { value: (up - down) / (2 * h), error };
  }
  return best;
}

async function lossOf({ trainer, step }: Awaited<ReturnType<typeof startTraining>>): Promise<Loss> {
  const { arrays } = await trainer.save();
  const names = trainedNames(arrays);
  const value = await step();
  const after = (await trainer.save()).arrays;
  const gradients = new Map(
    names.map((name) => [
      name,
      Float32Array.from(arrays[name]!.data, (x, i) => x - after[name]!.data[i]!),
    ]),
  );
  return {
    arrays,
    names,
    gradients,
    value,
    async at(moved, by) {
      const changed: Arrays = { ...arrays };
      for (const [name, along] of moved) {
        const array = arrays[name]!;
        changed[name] = {
          ...array,
          data: Float32Array.from(array.data, (x, i) => x + by * along[i]!),
        };
      }
      trainer.restore({ arrays: changed, counts: {} });
      return await step();
    },
  };
}

/** How a gradient along a direction differs from the slope that is measured, if it does. */
async function wrong(loss: Loss, along: ReadonlyMap<string, Float32Array>, scale: number) {
  const expected = [...along].reduce(
    (sum, [name, data]) => sum + dot(data, loss.gradients.get(name)!),
    0,
  );
  const { value, error } = await slope(loss, along, scale);
  const allowed = TOLERANCE * Math.max(scale, LEAST) + error;
  return Math.abs(value - expected) <= allowed ? undefined : { value, expected };
}

/**
 * Compares the gradients of a training step with finite differences of its loss.
 *
 * @param where places of a trained array, for messages
 */
export async function compareGradients(
  { model, images, plugins = [] }: { model: Model; images: ImageSet; plugins?: readonly Plugin[] },
  where: (name: string) => string,
): Promise<Finding> {
  await using engine = await usualEngine();
  const training = await startTraining(engine, model, images, livelyWeights(model), plugins);
  await using _trainer = training.trainer;
  const loss = await lossOf(training);
  const generator = new Generator(23);
  // What a gradient is along a direction of length 1 in each array, as a rule.
  const size = (name: string) => {
    const gradient = loss.gradients.get(name)!;
    return Math.sqrt(dot(gradient, gradient) / gradient.length);
  };
  const scale = Math.sqrt(loss.names.reduce((sum, name) => sum + size(name) ** 2, 0));
  for (let i = 0; i < DIRECTIONS; i++) {
    const found = await wrong(loss, direction(loss.arrays, loss.names, generator), scale);
    if (!found) continue;
    const guilty: string[] = [];
    for (const name of loss.names) {
      const alone = await wrong(loss, direction(loss.arrays, [name], generator), size(name));
      if (alone) guilty.push(name);
    }
    return fails(
      `a slope of ${numberText(found.value)} by finite differences and ${numberText(found.expected)} by gradients; it differs in ${guilty.slice(0, 4).map(trainedText).join(', ') || 'no array alone'}`,
      guilty.slice(0, 2).map(where).join('; '),
    );
  }
  return holds(`the same slopes along ${DIRECTIONS} directions in ${loss.names.length} arrays`);
}

/** How far two directions may be from one another, as a share of their length. */
const APART = 1e-3;

/**
 * Compares what some plugins add to the gradients of a training step with what others add: the same but for a factor above 0.
 */
export async function compareAdded(
  { model, images }: { model: Model; images: ImageSet },
  plugin: () => Plugin,
  other: () => Plugin,
): Promise<Finding> {
  const gradientsWith = async (plugins: readonly Plugin[]) => {
    await using engine = await usualEngine();
    const training = await startTraining(engine, model, images, livelyWeights(model), plugins);
    await using _trainer = training.trainer;
    return (await lossOf(training)).gradients;
  };
  const plain = await gradientsWith([]);
  const addedBy = async (made: Plugin) => {
    const gradients = await gradientsWith([made]);
    return [...plain].flatMap(([name, data]) =>
      Array.from(gradients.get(name)!, (x, i) => x - data[i]!),
    );
  };
  const [found, expected] = [await addedBy(plugin()), await addedBy(other())];
  const [length, wanted] = [found, expected].map((x) => Math.sqrt(dot(x, x))) as [number, number];
  if (!(length > 0 && wanted > 0))
    return fails(`gradients of a length of ${numberText(length)} and ${numberText(wanted)}`);
  const apart = Math.sqrt(
    found.reduce((sum, x, i) => sum + (x / length - expected[i]! / wanted) ** 2, 0),
  );
  return apart <= APART
    ? holds(`what it adds has the direction of that loss, ${numberText(length / wanted)} times it`)
    : fails(`what it adds is ${numberText(apart)} of its length apart from that direction`);
}

export const gradients: CheckOf<ModelSubject> = {
  needs: 'trains',
  expected:
    'the gradients of a training step are those of finite differences of its loss: ops of your own (defineOp) have the right gradient, and stopGradient is not where it should not be',
  run: async (subject) =>
    subject.images
      ? compareGradients({ model: subject.model, images: subject.images }, (name) =>
          placeOf(subject, trainedText(name)),
        )
      : leftOut(NO_IMAGES),
};
