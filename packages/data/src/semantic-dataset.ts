import { type Batch, type Generator, type ImageSet, int32, type Normalization } from '@kcr/core';
import type { Augment } from './augment.ts';
import { descriptionOf } from './described.ts';
import { type Framing, fitted } from './framing.ts';
import { cornerInput, inputView } from './model-input.ts';
import { once } from './once.ts';
import { placedImages } from './placed-images.ts';
import { type ClassMap, IGNORED, type SemanticSource } from './semantic-source.ts';
import { streamsOf } from './stream-names.ts';
import type { TestViewOptions } from './test-views.ts';
import type { Size, View } from './view.ts';
import { viewLabels } from './view-pixels.ts';

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
  /** Threads that read images, as of `ImageDatasetOptions`; label maps are read by the main thread, which chooses views by them. */
  workers?: number;
}

/** Images with a class for each pixel, on canvases. */
export interface SemanticDataset extends ImageSet {
  readonly source: SemanticSource;
  readonly normalization: Normalization;
  readonly testing: TestViewOptions;
}

/** Views that are tried for one that shows its classes evenly. */
const VIEW_TRIES = 10;

/** Whether no class has more than a share of a map's pixels that count. */
function balanced(labels: Uint8Array, share: number): boolean {
  const counts = new Map<number, number>();
  for (const label of labels)
    if (label !== IGNORED) counts.set(label, (counts.get(label) ?? 0) + 1);
  const all = [...counts.values()];
  return counts.size > 1 && Math.max(...all) < share * all.reduce((a, b) => a + b);
}

/** A class map on a canvas, and how it lies there. */
interface MapInView {
  readonly view: View;
  /** Row by row of the canvas. */
  readonly labels: Uint8Array;
}

function mapInView(map: ClassMap, view: View): MapInView {
  return { view, labels: viewLabels(map.data, view, IGNORED) };
}

/** A map in the first of some views in which no class has more than a share, or in the last. */
function balancedView(map: ClassMap, share: number, draw: () => View): MapInView {
  for (let tries = 1; ; tries++) {
    const drawn = mapInView(map, draw());
    if (share >= 1 || tries === VIEW_TRIES || balanced(drawn.labels, share)) return drawn;
  }
}

/** Maps on canvases as one tensor: int32 [n, height, width]. */
function stackedMaps(maps: readonly Uint8Array[], { height, width }: Size) {
  const labels = new Int32Array(maps.length * height * width);
  maps.forEach((map, n) => {
    labels.set(map, n * height * width);
  });
  return int32([maps.length, height, width], labels);
}

/** A data set of normalised canvases; batches have `labels`: int32 [n, height, width], 255 where they do not count. */
export function semanticDataset(
  source: SemanticSource,
  options: SemanticDatasetOptions,
): SemanticDataset {
  const { normalization, canvas, framing = fitted, maxClassShare = 1, augment = [] } = options;
  const { classes, channels, images } = source;
  const { length } = images;
  const shape = [canvas.height, canvas.width, channels] as const;
  const input = cornerInput(shape, normalization);

  const place = (map: ClassMap, generator?: Generator) =>
    generator
      ? balancedView(map, maxClassShare, () => framing(map, canvas, generator))
      : mapInView(map, inputView(map, input));
  const { workers } = options;
  const imagesOf = placedImages({ source, length, input, shape, augment, normalization, workers });

  return {
    source,
    classes,
    normalization,
    length,
    shape,
    input,
    testing: options.testing ?? {},
    identity: once(async () => ({
      ...(await source.identity?.()),
      framing: descriptionOf(framing),
      maxClassShare,
      augment: augment.map(descriptionOf),
      testing: options.testing,
    })),
    async batch(indices, generator): Promise<Batch> {
      const random = generator && streamsOf(indices, generator);
      const shown = await Promise.all(
        Array.from(indices, async (i, n) => place(await source.classMap(i), random?.[n])),
      );
      const maps = shown.map(({ labels }) => labels);
      const places = shown.map(({ view }) => ({ view }));
      return {
        image: await imagesOf(indices, places, random),
        labels: stackedMaps(maps, canvas),
      };
    },
  };
}
