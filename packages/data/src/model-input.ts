import { type Normalization, type Preprocessing, plainPreprocessing } from '@kcr/core/ground';
import { readExtent } from './extent.ts';
import { fitted } from './framing.ts';
import { decodeImage, type EncodedImage, type Orientation, type Pixels } from './image.ts';
import { fillOf } from './normalised.ts';
import { resample } from './resample.ts';
import { roundHalfEven } from './round-half-even.ts';
import { withShortSide } from './short-side.ts';
import type { Size, View } from './view.ts';
import { viewImage } from './view-pixels.ts';

type CropMode = Preprocessing['crop_mode'];

/** Sides times a factor, as timm's `ResizeKeepRatio` rounds them. */
const keepRatio = ({ height, width }: Size, factor: number): Size => ({
  height: Math.max(roundHalfEven(height / factor), 1),
  width: Math.max(roundHalfEven(width / factor), 1),
});

/** The size to which an image is resized before the centre is cut out; `target` is the input / `crop_pct`. */
const RESIZED: Record<Exclude<CropMode, 'corner'>, (source: Size, target: Size) => Size> = {
  center(source, target) {
    const { height, width } = source;
    if (target.height !== target.width)
      return keepRatio(source, Math.min(height / target.height, width / target.width));
    // torchvision's Resize: the long side is cut to whole pixels, not rounded.
    const short = target.height;
    const long = (along: number, across: number) => Math.floor((short * along) / across);
    return width <= height
      ? { height: long(height, width), width: short }
      : { height: short, width: long(width, height) };
  },
  squash: (_, target) => target,
  border: (source, target) =>
    keepRatio(source, Math.max(source.height / target.height, source.width / target.width)),
};

/** Where a centre begins that is cut out of a side (torchvision's rounding), or below 0 where the side is shorter. */
const centred = (side: number, space: number): number =>
  side < space ? -Math.floor((space - side) / 2) : roundHalfEven((side - space) / 2);

/**
 * How an image lies on a model's input. All modes but `corner` are those of timm's `create_transform(is_training=False)`, to
 * the pixel.
 */
export function inputView(source: Size, input: Preprocessing): View {
  const { input_size, crop_pct, crop_mode, resize } = input;
  const canvas = { height: input_size[1], width: input_size[2] };
  if (crop_mode === 'corner')
    return resize
      ? withShortSide(source, canvas, resize.shortest_edge, resize.longest_edge)
      : fitted(source, canvas);
  const target = {
    height: Math.floor(canvas.height / crop_pct),
    width: Math.floor(canvas.width / crop_pct),
  };
  const scaled = RESIZED[crop_mode](source, target);
  return {
    source,
    scaled,
    canvas,
    top: centred(scaled.height, canvas.height),
    left: centred(scaled.width, canvas.width),
  };
}

/** timm resizes for an input that is no square bilinearly, whatever the model says (1.0.29, `transforms_imagenet_eval`). */
const interpolationOf = ({ input_size, interpolation, crop_mode }: Preprocessing) =>
  crop_mode === 'center' && input_size[1] !== input_size[2] ? 'bilinear' : interpolation;

/** An image as a model takes it, before normalisation. @param pixels of a file, as {@link readSource} gives them */
export function modelInput(pixels: Pixels, input: Preprocessing): Pixels {
  const [height, width] = pixels.shape;
  return viewImage(
    pixels,
    inputView({ height, width }, input),
    fillOf(input),
    interpolationOf(input),
  );
}

/**
 * An image resized as {@link modelInput} resizes it, before anything is cut off or put around it: its input is that of the image
 * itself.
 */
export function resizedSource(pixels: Pixels, input: Preprocessing): Pixels {
  const [height, width] = pixels.shape;
  const { scaled } = inputView({ height, width }, input);
  return resample(pixels, scaled, { interpolation: interpolationOf(input) });
}

/**
 * How the files of a model's images are turned: outputs with places in the image fit what labelling tools show, decisions
 * about whole images are made as torchvision and timm make them.
 */
export const orientationOf = ({ crop_mode }: Pick<Preprocessing, 'crop_mode'>): Orientation =>
  crop_mode === 'corner' ? 'upright' : 'stored';

/** An image at its own size, in the colours and the orientation that a model's input has. @throws KcrError `IMAGE_READ` */
export const decodeSource = (image: EncodedImage, input: Preprocessing): Promise<Pixels> =>
  decodeImage(image, input.input_size[0] as 1 | 3, orientationOf(input));

/** The pixels of a file, as `decodeSource` gives those of bytes. @throws KcrError `IMAGE_READ` */
export const readSource = async (path: string, input: Preprocessing): Promise<Pixels> =>
  decodeSource({ where: path, bytes: await readExtent({ path }) }, input);

/**
 * An image file as a model takes it, before normalisation: what a data set of a folder gives without augmentation.
 *
 * @throws KcrError `IMAGE_READ`
 */
export const readInput = async (path: string, input: Preprocessing): Promise<Pixels> =>
  modelInput(await readSource(path, input), input);

/**
 * Preprocessing of images of which a model sees all, in the corner of its input.
 *
 * @param shape [height, width, channels] of the input
 */
export const cornerInput = (
  shape: readonly [number, number, number],
  normalization: Normalization,
  resize?: Preprocessing['resize'],
): Preprocessing => ({
  ...plainPreprocessing(shape),
  ...normalization,
  interpolation: 'bilinear',
  crop_mode: 'corner',
  ...(resize ? { resize } : {}),
});
