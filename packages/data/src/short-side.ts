import { described } from './described.ts';
import { type Framing, fitScale, scaledBy } from './framing.ts';
import type { Size, View } from './view.ts';

export interface ShortSideOptions {
  /** Length of the short side; of several one is drawn for each image. */
  short: number | readonly number[];
  /** Most that the long side may have. */
  long: number;
}

/** The image resized to a short side, with a cap on the long one, and at most as large as the canvas. */
export function withShortSide(source: Size, canvas: Size, short: number, long: number): View {
  const [least, most] = [source.height, source.width].sort((a, b) => a - b) as [number, number];
  const scale = Math.min(short / least, long / most, fitScale(source, canvas));
  return { source, canvas, top: 0, left: 0, scaled: scaledBy(source, scale) };
}

/** {@link withShortSide} with one of several lengths, drawn for each image. */
export const shortSide = ({ short, long }: ShortSideOptions): Framing =>
  described('shortSide', { short, long }, (source, canvas, generator) => {
    const lengths = [short].flat();
    const length = lengths[lengths.length > 1 ? generator.integer(lengths.length) : 0]!;
    return withShortSide(source, canvas, length, long);
  });
