import type { Engine, ImageSet, LoadedModel } from '@kcr/core';
import { compileInference } from '@kcr/core';
import type { Pixels } from '@kcr/data';
import { drawPlain } from '../report/draw.ts';
import { besideEachOther } from '../report/heat.ts';
import type { Gallery, PictureRow } from './task-kit.ts';

const SHOWN = 4;
/** Side of a picture of the gallery, in pixels. */
export const GALLERY_TILE = 256;

/** Test data whose images can be read at their own sizes. */
export interface FramedSet extends ImageSet {
  readonly source: { pixels(i: number): Promise<Pixels> };
}

/** What a gallery of a task with places in the image needs to know of it. */
export interface FramedGallery<S extends FramedSet, P> {
  nameOf(data: S, i: number): string;
  truth(data: S, i: number): P | Promise<P>;
  /** Predicts with a compiled model. */
  predict(
    inference: ReturnType<typeof compileInference>,
    loaded: LoadedModel,
    data: S,
    pixels: Pixels,
  ): Promise<P>;
  draw(image: Pixels, prediction: P, classes: readonly string[]): Promise<Buffer>;
}

/** Some images from all over a set. */
const shownOf = ({ length }: ImageSet): number[] => {
  const count = Math.min(SHOWN, length);
  return Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * length) / count));
};

/** A picture for each shown image, side by side. */
async function strip<S extends FramedSet>(
  data: S,
  draw: (image: Pixels, i: number) => Promise<Buffer>,
): Promise<Buffer> {
  const tiles: Buffer[] = [];
  for (const i of shownOf(data)) tiles.push(await draw(await data.source.pixels(i), i));
  return besideEachOther(tiles, GALLERY_TILE);
}

/** Some test images, what is in them, and what models find there. */
export const framedGallery = <S extends FramedSet, P>({
  nameOf,
  truth,
  predict,
  draw,
}: FramedGallery<S, P>): Gallery<S> => ({
  tile: GALLERY_TILE,
  captions: (data) => shownOf(data).map((i) => nameOf(data, i)),
  legend: ({ classes }) => (classes.length > 1 ? classes : []),
  async rows(data): Promise<PictureRow[]> {
    const images = await strip(data, (image) => drawPlain(image, { size: GALLERY_TILE }));
    const found = await strip(data, async (image, i) =>
      draw(image, await truth(data, i), data.classes),
    );
    return [
      { title: 'image', name: 'images', png: images },
      { title: 'truth', name: 'truth', png: found },
    ];
  },
  async look(loaded: LoadedModel, data: S, engine: Engine, name: string) {
    await using inference = compileInference(engine, loaded.model);
    const png = await strip(data, async (image) =>
      draw(image, await predict(inference, loaded, data, image), data.classes),
    );
    return { rows: [{ title: `found: ${name}`, name: 'predictions', png }], charts: [] };
  },
});
