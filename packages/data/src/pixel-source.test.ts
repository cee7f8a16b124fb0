import { expect, test } from 'vitest';
import { pixelSource } from './pixel-source.ts';

test('images lie one after another; classes are numbers up to the largest label', async () => {
  const data = Uint8Array.from({ length: 12 }, (_, i) => i);
  const source = pixelSource(data, [1, 2, 2], Int32Array.of(0, 3, 1));
  expect(source.classes).toEqual(['0', '1', '2', '3']);
  expect([...source.labels]).toEqual([0, 3, 1]);
  expect(await source.pixels(2)).toEqual({ data: Uint8Array.of(8, 9, 10, 11), shape: [1, 2, 2] });
});
