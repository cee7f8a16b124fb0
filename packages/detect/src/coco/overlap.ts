import { type CocoBox, type CocoObject, rleArea, rleOverlap } from '@kcr/data';

/** Area of the intersection of two boxes. */
function boxOverlap(a: CocoBox, b: CocoBox): number {
  const width = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  return width > 0 && height > 0 ? width * height : 0;
}

/**
 * Intersection over union of a detection and a ground-truth object, of masks where they have them; over the
 * detection's own area where the object is a crowd.
 */
export function overlap(detection: CocoObject, truth: CocoObject): number {
  const boxes = boxOverlap(detection.box, truth.box);
  if (!detection.mask || !truth.mask) {
    const own = detection.box[2] * detection.box[3];
    if (boxes === 0) return 0;
    return boxes / (truth.crowd ? own : own + truth.box[2] * truth.box[3] - boxes);
  }
  const common = rleOverlap(detection.mask, truth.mask);
  if (common === 0) return 0;
  const own = rleArea(detection.mask);
  return common / (truth.crowd ? own : own + rleArea(truth.mask) - common);
}
