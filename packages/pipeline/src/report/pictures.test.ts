import { float32 } from '@kcr/core';
import { expect, test } from 'vitest';
import { dimmed, firstHead, framedCell, overHeads, toHeats, toPictures } from './pictures.ts';

test('normalised images become the pixels that they were, within 0..255', () => {
  const image = float32([2, 1, 2, 1], [-1, 0, 1, 9]);
  const [first, second] = toPictures(image, { mean: [0.5], std: [0.25] });
  expect(first!.shape).toEqual([1, 2, 1]);
  // 255 (0.5 - 0.25) = 63.75, 127.5, 191.25, and more than white.
  expect([...first!.data]).toEqual([64, 128]);
  expect([...second!.data]).toEqual([191, 255]);
});

test('each channel has its own mean and deviation, or all the one', () => {
  const image = float32([1, 1, 1, 3], [0, 1, -1]);
  const [own] = toPictures(image, { mean: [0.1, 0.2, 0.6], std: [1, 0.2, 0.2] });
  expect([...own!.data]).toEqual([26, 102, 102]);
  const [common] = toPictures(image, { mean: [0.5], std: [0.5] });
  expect([...common!.data]).toEqual([128, 255, 0]);
});

test('pictures are a fifth as light where a map is 0, by the nearest cell', () => {
  const data = new Uint8Array(4 * 4 * 3).fill(100);
  const pictures = [0, 1].map(() => ({ data, shape: [4, 4, 3] as const }));
  const [first, second] = dimmed(pictures, float32([2, 2, 2], [1, 0, 0, 1, 0, 0, 0, 2]));
  const red = (picture: { data: Uint8Array }) =>
    Array.from({ length: 16 }, (_, pixel) => picture.data[3 * pixel]!);
  const [on, off] = [100, 20];
  const above = [on, on, off, off];
  const below = [off, off, on, on];
  expect(red(first!)).toEqual([...above, ...above, ...below, ...below]);
  const dark = [off, off, off, off];
  expect(red(second!)).toEqual([...dark, ...dark, ...below, ...below]);
  expect(first!.data[1]).toBe(on);
});

test('the largest value of each map becomes 1; a map without any stays', () => {
  const [first, second] = toHeats(float32([2, 1, 2], [2, 1, 0, 0]));
  expect(first).toEqual({ height: 1, width: 2, data: Float32Array.of(1, 0.5) });
  expect([...second!.data]).toEqual([0, 0]);
});

test('the mean over heads is one map for each image', () => {
  // Images of two heads and maps of 1 x 2.
  const mean = overHeads(float32([2, 2, 1, 2], [1, 2, 3, 4, 10, 20, 30, 40]));
  expect(mean.shape).toEqual([2, 1, 2]);
  expect([...mean.data]).toEqual([2, 3, 20, 30]);
});

test('the first head is one map for each image', () => {
  const first = firstHead(float32([2, 2, 1, 2], [1, 2, 3, 4, 10, 20, 30, 40]));
  expect(first.shape).toEqual([2, 1, 2]);
  expect([...first.data]).toEqual([1, 2, 10, 20]);
});

test('a frame of a pixel is around the cell that a point lies in', () => {
  const picture = { data: new Uint8Array(6 * 6 * 3).fill(9), shape: [6, 6, 3] as const };
  const [found] = framedCell([picture], { y: 0.9, x: 0.5 }, { height: 2, width: 2 });
  const at = (row: number, column: number) => [
    ...found!.data.slice(3 * (6 * row + column), 3 * (6 * row + column) + 3),
  ];
  const [red, own] = [
    [255, 0, 0],
    [9, 9, 9],
  ];
  // The cell has rows and columns 3 to 5.
  for (const [row, column] of [
    [3, 3],
    [3, 5],
    [5, 4],
    [4, 5],
  ])
    expect(at(row!, column!)).toEqual(red);
  for (const [row, column] of [
    [4, 4],
    [2, 3],
    [3, 2],
  ])
    expect(at(row!, column!)).toEqual(own);
  expect(picture.data.every((x) => x === 9)).toBe(true);
});

test('a cell smaller than a pixel is that pixel', () => {
  const picture = { data: new Uint8Array(4), shape: [2, 2, 1] as const };
  const [found] = framedCell([picture], { y: 1, x: 0.4 }, { height: 8, width: 8 });
  expect([...found!.data]).toEqual([0, 0, 255, 0]);
});
