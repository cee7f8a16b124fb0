import { fitScale, scaledBy } from './framing.ts';
import type { Size, View } from './view.ts';

export interface TestViewOptions {
  /** Factors of the size. Default [1]. */
  scales?: readonly number[];
  /** Every view mirrored too. Default false. */
  flip?: boolean;
  /** What a factor of 1 is: the whole image inside the canvas, or the canvas covered. Default `inside`. */
  fit?: 'inside' | 'cover';
  /** Share of a canvas by which those beside each other overlap, where an image needs several. Default 1/3. */
  overlap?: number;
}

/** Multi-scale and flip testing: views that together show the whole image, at each scale and mirrored. */
export function testViews(source: Size, canvas: Size, options: TestViewOptions = {}): View[] {
  const { scales = [1], flip = false, fit = 'inside', overlap = 1 / 3 } = options;
  return scales.flatMap((factor) => {
    const scaled = scaledBy(source, factor * fitScale(source, canvas, fit));
    const starts = (length: number, space: number) => {
      const spare = Math.max(length - space, 0);
      const count = Math.ceil(spare / Math.max(Math.round(space * (1 - overlap)), 1)) + 1;
      return Array.from({ length: count }, (_, i) =>
        Math.min(Math.round(i * space * (1 - overlap)), spare),
      );
    };
    return starts(scaled.height, canvas.height).flatMap((top) =>
      starts(scaled.width, canvas.width).flatMap((left) =>
        (flip ? [false, true] : [false]).map((flipX) => ({
          source,
          scaled,
          canvas,
          top,
          left,
          flipX,
        })),
      ),
    );
  });
}
