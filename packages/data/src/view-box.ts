import type { Size, View } from './view.ts';
import { canvasPoint, type Point, sourcePoint } from './view-point.ts';

/** left, top, right, bottom in pixels. */
export type Box = readonly [number, number, number, number];

/** The box between two corners, cut at a border. */
function boxBetween([y0, x0]: Point, [y1, x1]: Point, { height, width }: Size): Box {
  const within = (at: number, most: number) => Math.min(Math.max(at, 0), most);
  return [
    within(Math.min(x0, x1), width),
    within(Math.min(y0, y1), height),
    within(Math.max(x0, x1), width),
    within(Math.max(y0, y1), height),
  ];
}

/** A box of the image on the canvas, cut at its border; it may be left empty. */
export const viewBox = ([left, top, right, bottom]: Box, view: View): Box =>
  boxBetween(canvasPoint(top, left, view), canvasPoint(bottom, right, view), view.canvas);

/** Undoes {@link viewBox}: a box of the canvas on the image, cut at the image's border. */
export const sourceBox = ([left, top, right, bottom]: Box, view: View): Box =>
  boxBetween(sourcePoint(top, left, view), sourcePoint(bottom, right, view), view.source);
