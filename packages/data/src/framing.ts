import type { Generator } from '@kcr/core/ground';
import { type Described, described } from './described.ts';
import type { Size, View } from './view.ts';

/** Chooses how an image of a size lies on a canvas; training views are random. */
export type Framing = ((source: Size, canvas: Size, generator: Generator) => View) & Described;

/** A size times a factor, to whole pixels and at least one. */
export const scaledBy = ({ height, width }: Size, scale: number): Size => ({
  height: Math.max(Math.round(height * scale), 1),
  width: Math.max(Math.round(width * scale), 1),
});

/** The factor at which an image lies inside the canvas, or covers it. */
export const fitScale = (
  source: Size,
  canvas: Size,
  fit: 'inside' | 'cover' = 'inside',
): number => {
  const factors = [canvas.height / source.height, canvas.width / source.width];
  return fit === 'inside' ? Math.min(...factors) : Math.max(...factors);
};

/** The whole image as large as the canvas allows, in its upper left corner. */
export const fitted = described(
  'fitted',
  {},
  (source: Size, canvas: Size): View => ({
    source,
    canvas,
    top: 0,
    left: 0,
    scaled: scaledBy(source, fitScale(source, canvas)),
  }),
);
