import { described } from './described.ts';
import { type Framing, fitScale, scaledBy } from './framing.ts';

export interface JitterOptions {
  /** Factor of the size, drawn uniformly. */
  scale: readonly [number, number];
  /** What a factor of 1 is: the whole image inside the canvas, or the canvas covered. Default `inside`. */
  fit?: 'inside' | 'cover';
}

/**
 * Large-scale jitter (Ghiasi et al. 2021): the image at a random size, cut at random where it is larger than the canvas
 * and in its upper left corner where it is smaller.
 */
export const scaleJitter = ({ scale, fit = 'inside' }: JitterOptions): Framing =>
  described('scaleJitter', { scale, fit }, (source, canvas, generator) => {
    const factor = scale[0] + (scale[1] - scale[0]) * generator.uniform();
    const scaled = scaledBy(source, factor * fitScale(source, canvas, fit));
    const offset = (length: number, space: number) => {
      const spare = Math.max(length - space, 0);
      return generator.integer(spare + 1);
    };
    return {
      source,
      canvas,
      scaled,
      top: offset(scaled.height, canvas.height),
      left: offset(scaled.width, canvas.width),
    };
  });
