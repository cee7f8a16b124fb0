import { type Batch, type Generator, type ImageSet, KcrError, type Normalization } from '@kcr/core';
import type { Augment } from './augment.ts';
import { augmented, fillOf, normalised, streamNames } from './dataset.ts';
import { type Pixels, readImage } from './image.ts';
import type { InvalidPolicy } from './invalid.ts';
import { readLabelMap } from './label-map.ts';
import { cornerInput, inputView } from './model-input.ts';
import { pairFolders } from './paired-folder.ts';
import {
  type Framing,
  fitted,
  type Size,
  type TestViewOptions,
  viewImage,
  viewLabels,
} from './view.ts';

/** The label of pixels that do not count. */
export const IGNORED = 255;

/** The class of each pixel of an image: 0..classes-1, or {@link IGNORED}. */
export interface ClassMap extends Size {
  readonly data: Uint8Array;
}

/** Images with a class for each pixel, at their own sizes. */
export interface SemanticSource {
  readonly classes: readonly string[];
  readonly channels: 1 | 3;
  /** Name and size of each image. */
  readonly images: readonly (Size & { readonly name: string })[];
  /** Images left out, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  pixels(i: number): Promise<Pixels>;
  classMap(i: number): Promise<ClassMap>;
}

export interface SemanticFolderOptions {
  /** Names of the classes, in the order of the labels; at most 255. */
  classes: readonly string[];
  /** Folder of the images within the root. Default `images`. */
  images?: string;
  /** Folder of PNGs of the same names. Default `labels`. */
  labels?: string;
  /** The label that does not count. Default 255. */
  ignore?: number;
  /** 0 is no class and does not count; the first class is 1 (ADE20K). Default false. */
  reduceZeroLabel?: boolean;
  /** The PNGs number objects: 0 is the first class, all else the second. Default false. */
  instanceIds?: boolean;
  channels?: 1 | 3;
  /** Images without labels, or of another size than theirs. Default `error`. */
  invalid?: InvalidPolicy;
}

/** The class of each label, or -1 for one that is none. */
function classOf(
  label: number,
  { classes, ignore = 255, reduceZeroLabel, instanceIds }: SemanticFolderOptions,
): number {
  if (instanceIds) return label > 0 ? 1 : 0;
  if (label === ignore) return IGNORED;
  const own = reduceZeroLabel ? label - 1 : label;
  if (own < 0) return IGNORED;
  return own < classes.length ? own : -1;
}

/**
 * Images with PNGs of class indices, as ADE20K has them.
 *
 * @throws KcrError `FOLDER_*`, `LABEL_MAP_*`; when an image is read `LABEL_MAP_CLASS` for labels that are no class
 */
export async function semanticFolder(
  root: string,
  options: SemanticFolderOptions,
): Promise<SemanticSource> {
  const { classes, images = 'images', labels = 'labels', channels = 3, invalid } = options;
  const { pairs, skipped } = await pairFolders(`${root}/${images}`, `${root}/${labels}`, invalid);
  const table = Int16Array.from({ length: 2 ** 16 }, (_, label) => classOf(label, options));
  return {
    classes,
    channels,
    images: pairs,
    skipped,
    pixels: (i) => readImage(pairs[i]!.image, channels),
    async classMap(i) {
      const { data, height, width } = await readLabelMap(pairs[i]!.labels);
      const wrong = data.find((label) => table[label] === -1);
      if (wrong !== undefined)
        throw new KcrError('LABEL_MAP_CLASS', {
          where: pairs[i]!.labels,
          found: `the label ${wrong} for ${classes.length} classes`,
          fix: 'Name all classes, or set `ignore` or `reduceZeroLabel`',
        });
      return { data: Uint8Array.from(data, (label) => table[label]!), height, width };
    },
  };
}

export interface SemanticDatasetOptions {
  normalization: Normalization;
  /** Height and width of what the model takes. */
  canvas: Size;
  /** How training images lie on the canvas. Default: as large as it allows. */
  framing?: Framing;
  /** Largest share of one class in a training view; up to ten views are tried. Default 1. */
  maxClassShare?: number;
  /** Changes of training images that move no pixel. */
  augment?: readonly Augment[];
  /** How images are looked at outside training. Default: once, as large as the canvas allows. */
  testing?: TestViewOptions;
}

/** Images with a class for each pixel, on canvases. */
export interface SemanticDataset extends ImageSet {
  readonly source: SemanticSource;
  readonly normalization: Normalization;
  readonly testing: TestViewOptions;
}

/** Whether no class has more than a share of a map's pixels that count. */
function balanced(labels: Uint8Array, share: number): boolean {
  const counts = new Map<number, number>();
  for (const label of labels)
    if (label !== IGNORED) counts.set(label, (counts.get(label) ?? 0) + 1);
  const all = [...counts.values()];
  return counts.size > 1 && Math.max(...all) < share * all.reduce((a, b) => a + b);
}

/** A data set of normalised canvases; batches have `labels`: int32 [n, height, width], 255 where they do not count. */
export function semanticDataset(
  source: SemanticSource,
  options: SemanticDatasetOptions,
): SemanticDataset {
  const { normalization, canvas, framing = fitted, maxClassShare = 1, augment = [] } = options;
  const { classes, channels, images } = source;
  const fill = fillOf(normalization);
  const shape = [canvas.height, canvas.width, channels] as const;
  const input = cornerInput(shape, normalization);

  const place = (map: ClassMap, generator?: Generator) => {
    if (!generator) {
      const view = inputView(map, input);
      return { view, labels: viewLabels(map.data, view, IGNORED) };
    }
    for (let tries = 1; ; tries++) {
      const view = framing(map, canvas, generator);
      const labels = viewLabels(map.data, view, IGNORED);
      if (maxClassShare >= 1 || tries === 10 || balanced(labels, maxClassShare))
        return { view, labels };
    }
  };
  const load = async (i: number, generator?: Generator) => {
    const [pixels, map] = await Promise.all([source.pixels(i), source.classMap(i)]);
    const { view, labels } = place(map, generator);
    const image = await viewImage(pixels, view, fill);
    return { image: generator ? augmented(image, augment, generator) : image, labels };
  };

  return {
    source,
    classes,
    normalization,
    length: images.length,
    shape,
    input,
    testing: options.testing ?? {},
    async batch(indices, generator): Promise<Batch> {
      const loaded = await Promise.all(
        streamNames(indices).map((name, n) => load(indices[n]!, generator?.fork(name))),
      );
      const area = canvas.height * canvas.width;
      const labels = new Int32Array(indices.length * area);
      loaded.forEach((one, n) => {
        labels.set(one.labels, n * area);
      });
      return {
        image: normalised(
          loaded.map(({ image }) => image),
          normalization,
        ),
        labels: {
          dtype: 'int32',
          data: labels,
          shape: [indices.length, canvas.height, canvas.width],
        },
      };
    },
  };
}
