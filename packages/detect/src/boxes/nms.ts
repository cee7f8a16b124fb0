import { KcrError, type NdArray, shapeText } from '@kcr/core';

function check(boxes: NdArray, scores: ArrayLike<number>): number {
  const n = scores.length;
  if (boxes.shape.length === 2 && boxes.shape[0] === n && boxes.shape[1] === 4) return n;
  throw new KcrError('SHAPE_MISMATCH', {
    where: 'nms',
    found: `boxes of ${shapeText(boxes.shape)} for ${n} scores`,
    fix: 'Give one box [left, top, right, bottom] for each score',
  });
}

/**
 * Non-maximum suppression: boxes from the highest score on, without those that overlap a better one by more than a
 * threshold. Of equal scores the first comes first.
 *
 * @param boxes [n, 4]: left, top, right, bottom
 * @param labels where given, boxes of different labels do not suppress each other
 * @returns indices of what is kept, by falling score
 * @throws KcrError `SHAPE_MISMATCH`
 */
export function nms(
  boxes: NdArray,
  scores: ArrayLike<number>,
  threshold: number,
  labels?: ArrayLike<number>,
): Int32Array {
  const n = check(boxes, scores);
  const { data } = boxes;
  const area = (i: number) =>
    (data[4 * i + 2]! - data[4 * i]!) * (data[4 * i + 3]! - data[4 * i + 1]!);
  const areas = Float64Array.from({ length: n }, (_, i) => area(i));
  const order = Int32Array.from({ length: n }, (_, i) => i).sort(
    (a, b) => scores[b]! - scores[a]! || a - b,
  );
  const gone = new Uint8Array(n);
  const kept: number[] = [];
  order.forEach((i, at) => {
    if (gone[i]) return;
    kept.push(i);
    for (let next = at + 1; next < n; next++) {
      const j = order[next]!;
      if (gone[j] || (labels && labels[j] !== labels[i])) continue;
      const width =
        Math.min(data[4 * i + 2]!, data[4 * j + 2]!) - Math.max(data[4 * i]!, data[4 * j]!);
      const height =
        Math.min(data[4 * i + 3]!, data[4 * j + 3]!) - Math.max(data[4 * i + 1]!, data[4 * j + 1]!);
      if (width <= 0 || height <= 0) continue;
      const common = width * height;
      if (common / (areas[i]! + areas[j]! - common) > threshold) gone[j] = 1;
    }
  });
  return Int32Array.from(kept);
}
