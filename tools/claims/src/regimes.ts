import { Generator, range } from '@kcr/core';
import type { ImageSource } from '@kcr/data';
import type { Sources } from './lab.ts';

/** What a network learns from. */
export interface Regime {
  readonly name: string;
  /** How many images, as many of each class. */
  readonly images: number;
  /** Share of the images with a wrong label. */
  readonly wrong?: number;
  readonly epochs: number;
  /** Whether images are shown unchanged, so that they are learnt by heart. Default: they are flipped, turned and moved. */
  readonly unchanged?: boolean;
}

/** Test images of a class that may be trained on, so that there are 600 of each class for training and for testing. */
const LENT = 400;

const pick = (source: ImageSource, indices: Int32Array): ImageSource => ({
  classes: source.classes,
  shape: source.shape,
  framing: source.framing,
  labels: indices.map((i) => source.labels[i]!),
  pixels: (i, augment) => source.pixels(indices[i]!, augment),
});

const join = (first: ImageSource, second: ImageSource): ImageSource => {
  const n = first.labels.length;
  return {
    classes: first.classes,
    shape: first.shape,
    framing: first.framing,
    labels: Int32Array.from([...first.labels, ...second.labels]),
    pixels: (i, augment) => (i < n ? first.pixels(i, augment) : second.pixels(i - n, augment)),
  };
};

/** Indices of each class, in order. */
function byClass({ classes, labels }: ImageSource): number[][] {
  const found: number[][] = classes.map(() => []);
  labels.forEach((label, i) => {
    found[label]!.push(i);
  });
  return found;
}

const ofEachClass = (source: ImageSource, choose: (own: number[]) => number[]): ImageSource =>
  pick(source, Int32Array.from(byClass(source).flatMap(choose)));

/** 6,000 images to train on, and the other 6,000. */
export const halves = ({ train, test }: Sources): Sources => ({
  train: join(
    train,
    ofEachClass(test, (own) => own.slice(0, LENT)),
  ),
  test: ofEachClass(test, (own) => own.slice(LENT)),
});

/** As many images of each class, drawn at random. */
export function drawn(source: ImageSource, images: number, generator: Generator): ImageSource {
  const each = images / source.classes.length;
  return ofEachClass(source, (own) =>
    Array.from(generator.permutation(own.length).subarray(0, each), (i) => own[i]!),
  );
}

/** A share of the images gets one of the other labels, each as likely. */
export function withWrongLabels(
  source: ImageSource,
  share: number,
  generator: Generator,
): ImageSource {
  const { length } = source.classes;
  const labels = Int32Array.from(source.labels);
  const wrong = generator.permutation(labels.length).subarray(0, Math.round(share * labels.length));
  for (const i of wrong)
    labels[i] = (labels[i]! + 1 + Math.floor(generator.uniform() * (length - 1))) % length;
  return { ...source, labels };
}

/** The images of a regime, and those to test with. */
export function regimeImages(
  sources: Sources,
  { images, wrong = 0 }: Regime,
  seed: number,
): Sources {
  const { train, test } = halves(sources);
  const generator = new Generator(seed);
  const chosen = drawn(train, images, generator.fork('images'));
  return { train: withWrongLabels(chosen, wrong, generator.fork('labels')), test };
}

/** Part `fold` of `folds` to test with, and the others. The images come class by class, so parts have as many of each. */
export function fold(source: ImageSource, fold: number, folds: number): Sources {
  const indices = Int32Array.from(range(source.labels.length));
  return {
    train: pick(
      source,
      indices.filter((i) => i % folds !== fold),
    ),
    test: pick(
      source,
      indices.filter((i) => i % folds === fold),
    ),
  };
}
