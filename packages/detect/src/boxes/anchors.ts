import { float32, type NdArray } from '@kcr/core';

/** The anchors of one feature map. */
export interface AnchorLevel {
  height: number;
  width: number;
  /** Image pixels to a step of the map, down and right. */
  stride: readonly [number, number];
  /** Square roots of the areas, in pixels. */
  sizes: readonly number[];
}

/** To the nearest whole number, halves to the even one, as PyTorch rounds. */
function roundEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * Anchor boxes as torchvision makes them: for each level row by row, at each position all sizes of the first ratio,
 * then of the next; rounded to pixels around 0.
 *
 * @param ratios height : width
 * @returns [anchors, 4]
 */
export function anchorBoxes(levels: readonly AnchorLevel[], ratios: readonly number[]): NdArray {
  const boxes: number[] = [];
  for (const { height, width, stride, sizes } of levels) {
    const shapes = ratios.flatMap((ratio) =>
      sizes.map((size) => {
        const tall = Math.fround(Math.sqrt(ratio));
        return [Math.fround(size / tall), Math.fround(size * tall)] as const;
      }),
    );
    const base = shapes.map(([w, h]) => [-w / 2, -h / 2, w / 2, h / 2].map(roundEven));
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++)
        for (const box of base) {
          const [x, y] = [column * stride[1], row * stride[0]];
          boxes.push(box[0]! + x, box[1]! + y, box[2]! + x, box[3]! + y);
        }
  }
  return float32([boxes.length / 4, 4], boxes);
}
