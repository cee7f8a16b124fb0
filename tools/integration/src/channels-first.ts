import type { NdArray } from '@kcr/core';

/** [n, ..., c] -> [n, c, ...] */
export function channelsFirst({ data, shape, dtype }: NdArray): NdArray {
  const [n, c] = [shape[0]!, shape.at(-1)!];
  const area = data.length / n / c;
  const moved = Float32Array.from(data, (_, i) => {
    const [image, place] = [Math.floor(i / (c * area)), i % area];
    const channel = Math.floor(i / area) % c;
    return data[(image * area + place) * c + channel]!;
  });
  return { dtype, shape: [n, c, ...shape.slice(1, -1)], data: moved };
}
