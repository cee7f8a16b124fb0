import { expect, test } from 'vitest';
import { toGrey } from './grey.ts';

test("lightness is Pillow's", () => {
  // Image.new('RGB', (1, 1), colour).convert('L') of Pillow.
  const colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 12, 200, 77, 255, 255, 255];
  expect([...toGrey(Uint8Array.from(colours))]).toEqual([76, 150, 29, 130, 255]);
});
