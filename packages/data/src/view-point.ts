import type { View } from './view.ts';

export type Point = readonly [y: number, x: number];

/** The point of the image, in pixels of it, under a point of the canvas. */
export function sourcePoint(
  y: number,
  x: number,
  { source, scaled, canvas, top, left, flipX, flipY }: View,
): Point {
  return [
    (((flipY ? canvas.height - y : y) + top) * source.height) / scaled.height,
    (((flipX ? canvas.width - x : x) + left) * source.width) / scaled.width,
  ];
}

/** The point of the canvas under a point of the image: undoes {@link sourcePoint}. */
export function canvasPoint(
  y: number,
  x: number,
  { source, scaled, canvas, top, left, flipX, flipY }: View,
): Point {
  const row = (y * scaled.height) / source.height - top;
  const column = (x * scaled.width) / source.width - left;
  return [flipY ? canvas.height - row : row, flipX ? canvas.width - column : column];
}
