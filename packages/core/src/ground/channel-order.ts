import { type NdArray, sizeOf } from './array.ts';

/** Exchanges the order of the last two of three axes: [n, a, b] -> [n, b, a]. */
function exchange(data: NdArray['data'], [n, a, b]: readonly [number, number, number]) {
  const moved = new Float32Array(data.length);
  for (let i = 0; i < n; i++)
    for (let row = 0; row < a; row++)
      for (let column = 0; column < b; column++)
        moved[(i * b + column) * a + row] = data[(i * a + row) * b + column]!;
  return moved;
}

/** Channels before places: [n, ..., c] -> [n, c, ...]. */
export function channelsFirst({ shape, data }: NdArray): NdArray {
  const [n, c, places] = [shape[0]!, shape.at(-1)!, shape.slice(1, -1)];
  const moved = exchange(data, [n, sizeOf(places), c]);
  return { dtype: 'float32', shape: [n, c, ...places], data: moved };
}

/** Channels behind places: [n, c, ...] -> [n, ..., c]. */
export function channelsLast({ shape, data }: NdArray): NdArray {
  const [n, c, ...places] = shape as [number, number, ...number[]];
  const moved = exchange(data, [n, c, sizeOf(places)]);
  return { dtype: 'float32', shape: [n, ...places, c], data: moved };
}
