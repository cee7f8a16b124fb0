import type { Features } from './features.ts';

/** Rows of length 1, in float64; rows of zeros stay. */
export function unitRows({ n, d, data }: Features): Features {
  const unit = new Float64Array(n * d);
  for (let start = 0; start < n * d; start += d) {
    let square = 0;
    for (let j = start; j < start + d; j++) square += data[j]! * data[j]!;
    const scale = square > 0 ? 1 / Math.sqrt(square) : 1;
    for (let j = start; j < start + d; j++) unit[j] = data[j]! * scale;
  }
  return { n, d, data: unit };
}
