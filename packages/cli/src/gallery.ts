import type { Engine, ImageSet, LoadedModel } from '@kcr/core';
import type { InstanceDataset, Pixels, SemanticDataset } from '@kcr/data';
import { writePicture } from './pictures.ts';
import { drawPrediction, type Prediction, predictor } from './predictions.ts';
import { drawPlain } from './report/draw.ts';
import { besideEachOther } from './report/heat.ts';

const SHOWN = 4;
/** Side of a picture of the gallery, in pixels. */
export const GALLERY_TILE = 256;

/** Test data of a dense task, whose truth can be drawn. */
type DenseSet = ImageSet & (SemanticDataset | InstanceDataset);

export const isDense = (data: ImageSet): data is DenseSet => 'source' in data;

/** Some images from all over a set. */
const shownOf = ({ length }: ImageSet): number[] => {
  const count = Math.min(SHOWN, length);
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * length) / count));
};

/** Names of the images that are shown. */
export const shownNames = (data: DenseSet): string[] =>
  shownOf(data).map((i) => {
    if ('images' in data.source) return data.source.images[i]!.name;
    const { id, file_name } = data.source.truth.images[i]!;
    return file_name?.split('/').at(-1) ?? String(id);
  });

async function truthOf({ source }: DenseSet, i: number): Promise<Prediction> {
  if ('classMap' in source) return { kind: 'map', map: await source.classMap(i) };
  const objects = source.instances(i).map((instance) => ({ ...instance, score: 1 }));
  return { kind: 'objects', objects };
}

/** A picture for each shown image, side by side. */
async function row(
  data: DenseSet,
  draw: (image: Pixels, i: number) => Promise<Buffer>,
): Promise<Buffer> {
  const tiles: Buffer[] = [];
  for (const i of shownOf(data)) tiles.push(await draw(await data.source.pixels(i), i));
  return besideEachOther(tiles, GALLERY_TILE);
}

const size = GALLERY_TILE;

/** Writes the shown images and what is in them, as `pictures/images.png` and `pictures/truth.png`. */
export async function drawTruth(directory: string, data: DenseSet): Promise<void> {
  const { classes } = data;
  await writePicture(directory, 'images', await row(data, (image) => drawPlain(image, { size })));
  const truth = await row(data, async (image, i) =>
    drawPrediction(image, await truthOf(data, i), classes, { size }),
  );
  await writePicture(directory, 'truth', truth);
}

/** Writes what a model says of the shown images, as `pictures/predictions-NAME.png`. */
export async function drawPredictions(
  directory: string,
  name: string,
  { model, weights }: LoadedModel,
  data: DenseSet,
  engine: Engine,
): Promise<void> {
  const { classes, normalization } = data;
  const predict = predictor({ model, weights, info: { normalization } }, engine);
  const options = 'testing' in data ? data.testing : {};
  const png = await row(data, async (image) =>
    drawPrediction(image, await predict(image, options), classes, { size }),
  );
  await writePicture(directory, `predictions-${name}`, png);
}
