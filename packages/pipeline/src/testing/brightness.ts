import {
  type Batch,
  type Dim,
  defineAllocator,
  defineAnalysis,
  defineCriterion,
  defineOptimizer,
  definePlugin,
  defineSchedule,
  float32,
  type ImageSet,
  linear,
  type Model,
  plainPreprocessing,
  type Task,
  tf,
} from '@kcr/core';
import { type Augment, defineImageChange, type Pixels } from '@kcr/data';
import { defineHead } from '@kcr/detect';
import { z } from 'zod';
import { defineDataKind } from '../data/data-kind.ts';
import { framedGallery } from '../tasks/framed-gallery.ts';
import { defineTaskKit } from '../tasks/task-kit.ts';

/**
 * A third party's package, as far as tests need one: a task that nobody else knows (how bright an image is), a head for it,
 * data, and one extension of every other kind that a recipe may name.
 */
export const MODULE = './packages/pipeline/src/testing/brightness.ts';

/** Images that are bright by a number each. */
interface BrightSet extends ImageSet {
  readonly source: { pixels(i: number): Promise<Pixels> };
  brightnessOf(i: number): number;
}

const brightness: Task = {
  name: 'brightness',
  contract: 1,
  metrics: { closeness: 'closeness' },
  losses: ({ losses }) => losses!,
  outputs: ({ logits }) => ({ brightness: logits }),
  async evaluate(inference, data) {
    let error = 0;
    for (let i = 0; i < data.length; i++) {
      const { image } = await data.batch(Int32Array.of(i));
      const { brightness: found } = await inference({ image });
      error += Math.abs(found!.data[0]! - (data as BrightSet).brightnessOf(i)) / data.length;
    }
    return { closeness: 1 / (1 + error) };
  },
};

const mean = defineHead<object>({
  name: 'mean',
  module: MODULE,
  contract: 1,
  task: brightness,
  defaults: { num_classes: 1 },
  strides: () => [8],
  forward(m, { maps: [map], targets }) {
    const { value, dim } = map!;
    const logits = linear(m.child('fc'), tf.mean(value, [1, 2]), dim as Dim, 1);
    const difference = targets && tf.sub(tf.reshape(logits, [-1]), targets.brightness!);
    return { logits, losses: difference && { squares: tf.mean(tf.square(difference)) } };
  },
});
export const heads = { mean };

const BRIGHTNESS = (i: number) => (i % 5) / 4;

function brightSet(model: Model, length: number, augments: readonly Augment[] = []): BrightSet {
  const shape = model.inputShape;
  const size = shape[0] * shape[1] * shape[2];
  const pixels = async (i: number): Promise<Pixels> => ({
    data: new Uint8Array(size).fill(Math.round(255 * BRIGHTNESS(i))),
    shape,
  });
  return {
    length,
    shape,
    classes: ['brightness'],
    input: plainPreprocessing(shape),
    source: { pixels },
    brightnessOf: BRIGHTNESS,
    async batch(indices, generator): Promise<Batch> {
      const image = float32([indices.length, ...shape]);
      for (const [n, i] of indices.entries()) {
        let own = await pixels(i);
        if (generator) for (const change of augments) own = change(own, generator);
        image.data.set(
          Float32Array.from(own.data, (x) => x / 255),
          n * size,
        );
      }
      const targets = Float32Array.from(indices, BRIGHTNESS);
      return { image, brightness: float32([indices.length], targets) };
    },
  };
}

/** Made-up images; `data.images` says how many. */
export const bright = defineDataKind({
  name: `${MODULE}#bright`,
  contract: 1,
  schema: z.strictObject({ images: z.number().int().positive() }),
  read: async ({ images }, { model }) => ({
    train: brightSet(model, images),
    test: brightSet(model, 5),
  }),
});

const asPicture = ({ shape }: Pixels, value: number): Promise<Buffer> =>
  import('sharp').then(({ default: sharp }) => {
    const [height, width] = shape;
    const grey = Math.round(255 * Math.min(Math.max(value, 0), 1));
    const background = { r: grey, g: grey, b: grey };
    return sharp({ create: { height, width, channels: 3, background } })
      .png()
      .toBuffer();
  });

const kit = defineTaskKit<BrightSet, number>({
  task: brightness.name,
  contract: 1,
  kinds: [bright.name],
  evaluationData: async ({ model }) => brightSet(model, 5),
  artifacts: {},
  async predict({ step }, { pixels }) {
    const image = float32(
      [1, ...pixels.shape],
      Float32Array.from(pixels.data, (x) => x / 255),
    );
    return (await step({ image })).brightness!.data[0]!;
  },
  describe: (value) => ({ brightness: value }),
  draw: (image, value) => asPicture(image, value),
  legend: () => [],
  files: () => ({}),
  gallery: framedGallery<BrightSet, number>({
    nameOf: (_, i) => `grey ${i}`,
    truth: (data, i) => data.brightnessOf(i),
    predict: async () => 0.5,
    draw: (image, value) => asPicture(image, value),
  }),
});
export const tasks = { [brightness.name]: kit };

/** A plugin with a curve. */
export const counter = definePlugin({
  name: 'counter',
  contract: 1,
  curves: { counted: { title: 'Epochs that were counted', y: 'epochs' } },
  attach: () => () => ({ metrics: async ({ epoch }) => ({ counted: epoch + 1 }) }),
});

/** An optimiser that steps by the gradients' signs, and counts the steps of each number. */
export const signSgd = defineOptimizer<{ factor?: number }, 'age', 'size'>({
  name: 'sign-sgd',
  contract: 1,
  make: ({ factor = 1 }) => ({
    options: { factor },
    slots: ['age'],
    numbers: (_, lr) => ({ size: factor * lr }),
    update: (parameters, { size }) =>
      parameters.map(({ value, gradient, state: { age }, rate }) => ({
        value: tf.sub(value, tf.mul(tf.sign(gradient), tf.mul(size, rate))),
        state: { age: tf.add(age, 1) },
      })),
  }),
});

/** An analysis with a number and a chart. */
export const greatest = defineAnalysis({
  name: 'greatest',
  contract: 1,
  columns: [{ number: 'greatest', title: 'greatest feature' }],
  measure: (_: object) => async (context) => {
    const { data } = await context.features();
    const numbers = { greatest: Math.max(...Array.from(data)) };
    const points = [[1, numbers.greatest]] as const;
    return {
      numbers,
      charts: [{ title: 'Greatest features', x: 'x', y: 'y', lines: [{ points }] }],
    };
  },
});

/** A change of images that changes none. */
export const nothing = defineImageChange({
  name: 'nothing',
  contract: 1,
  change: (_: object) => (image) => image,
});

/** Scores that are the channels' places. */
export const places = defineCriterion({
  name: 'places',
  contract: 1,
  score:
    (_: object) =>
    ({ model }) => {
      const prunable = [...model.dims.values()].filter((dim) => dim.prunable);
      return new Map(
        prunable.map((dim) => [dim.name, Float64Array.from({ length: dim.size }, (_, i) => i)]),
      );
    },
});

/** Keeps the later half of all channels that go one by one. */
export const laterHalf = defineAllocator({
  name: 'later-half',
  contract: 1,
  allocate:
    (_: object) =>
    ({ model, scores }) =>
      Object.fromEntries(
        [...scores.keys()].map((name) => {
          const { size } = model.dims.get(name)!;
          return [name, Array.from({ length: size - (size >> 1) }, (_, i) => (size >> 1) + i)];
        }),
      ),
});

/** All dimensions at once. */
export const atOnce = defineSchedule({
  name: 'at-once',
  contract: 1,
  steps:
    (_: object) =>
    (model, roles = []) => [
      {
        name: 'all',
        dims: [...model.dims.values()].flatMap(({ name, role }) =>
          roles.includes(role) ? [name] : [],
        ),
        later: [],
        progress: 1,
      },
    ],
});
