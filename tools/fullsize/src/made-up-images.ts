import {
  type Batch,
  float32,
  Generator,
  type ImageSet,
  int32,
  type Model,
  type NdArray,
  sizeOf,
} from '@kcr/core';
import type { Recipe } from '@kcr/pipeline';

/** Places for the objects of an image, and how many of them have one: some 7 in COCO's images, 93 at most. */
const OBJECTS = { places: 93, each: 7 };

/** Side of an object's mask, as `instanceDataset` has it. */
const MASK = 56;

type Targets = (model: Model, images: number, generator: Generator) => Record<string, NdArray>;

const integers = (n: number, below: number, generator: Generator) =>
  Int32Array.from({ length: n }, () => generator.integer(below));

const classOfEach: Targets = ({ classes }, n, generator) => ({
  label: int32([n], integers(n, classes, generator)),
});

/** As `mix` leaves them: towards two classes each. */
const mixed: Targets = (model, n, generator) => {
  const { label } = classOfEach(model, n, generator);
  const target = float32([n, model.classes]);
  for (let i = 0; i < n; i++) {
    const share = generator.uniform();
    const other = generator.integer(model.classes);
    target.data[i * model.classes + label!.data[i]!] = share;
    target.data[i * model.classes + other]! += 1 - share;
  }
  return { label: label!, target };
};

/** Areas of one class each. */
const classOfPixels: Targets = ({ classes, inputShape: [height, width] }, n, generator) => {
  const labels = int32([n, height, width], new Int32Array(n * height * width));
  const cell = 32;
  for (let i = 0; i < n * height; i += cell)
    for (let x = 0; x < width; x += cell) {
      const label = generator.integer(classes);
      for (let y = i; y < Math.min(i + cell, n * height); y++)
        labels.data.fill(label, y * width + x, y * width + Math.min(x + cell, width));
    }
  return { labels };
};

/** Boxes that their objects fill. */
const objects =
  (hasMasks: boolean): Targets =>
  ({ classes, inputShape: [height, width] }, n, generator) => {
    const { places, each } = OBJECTS;
    const boxes = float32([n, places, 4]);
    const labels = int32([n, places], new Int32Array(n * places).fill(-1));
    for (let i = 0; i < n; i++)
      for (let j = 0; j < each; j++) {
        const [w, h] = [width, height].map((side) => side * (0.05 + 0.4 * generator.uniform()));
        const [x, y] = [(width - w!) * generator.uniform(), (height - h!) * generator.uniform()];
        boxes.data.set([x, y, x + w!, y + h!], 4 * (i * places + j));
        labels.data[i * places + j] = generator.integer(classes);
      }
    return {
      boxes,
      labels,
      ...(hasMasks ? { masks: float32([n, places, MASK, MASK], 1) } : {}),
    };
  };

/** What is known of images, by the kind of a recipe's data. */
function targetsOf({ data: { kind, options } }: Recipe): Targets {
  const { mix, masks = true } = options as { mix?: object; masks?: boolean };
  const kinds: Readonly<Record<string, Targets>> = {
    classes: mix ? mixed : classOfEach,
    semantic: classOfPixels,
    coco: objects(masks),
  };
  return kinds[kind]!;
}

/**
 * Images that are drawn by their number, with targets as the recipe's own data have them; there are no files. Each is a stretch of
 * the same noise, so that making them takes no time beside training.
 *
 * @param length how many there are
 */
export function madeUpImages(recipe: Recipe, model: Model, length: number): ImageSet {
  const shape = model.inputShape;
  const size = sizeOf(shape);
  const stretch = 4099;
  const noise = new Generator(0).array(size + stretch, 'normal');
  const targets = targetsOf(recipe);
  return {
    length,
    classes: Array.from({ length: model.classes }, (_, i) => `class ${i}`),
    shape,
    ...(recipe.data.kind === 'classes'
      ? { labels: Int32Array.from({ length }, (_, i) => i % model.classes) }
      : {}),
    async batch(indices): Promise<Batch> {
      const image = float32([indices.length, ...shape]);
      indices.forEach((i, n) => {
        const start = (i * 7919) % stretch;
        image.data.set(noise.subarray(start, start + size), n * size);
      });
      const generator = new Generator(indices[0]!).fork('targets');
      return { image, ...targets(model, indices.length, generator) };
    },
  };
}
