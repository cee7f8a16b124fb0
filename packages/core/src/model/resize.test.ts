import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { float32, type NdArray } from '../ground/array.ts';
import { type Resize, resizeInputChannels } from './resize.ts';
import { resizeBiasTable } from './resize-bias-table.ts';
import { resizePatches } from './resize-patches.ts';
import { resizePositions } from './resize-positions.ts';

interface Values {
  shape: number[];
  data: number[];
}

type Case = { input: Values; output: Values } & (
  | { kind: 'positions'; from: [number, number]; to: [number, number]; prefix: number }
  | { kind: 'table'; to: [number, number] }
  | { kind: 'patches' | 'channels'; to: number }
);

const file = new URL('../../fixtures/resize.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };

const gridOf = ([height, width]: readonly [number, number]) => ({ height, width });
const arrayOf = ({ shape, data }: Values) => float32(shape, data);

const resizeOf = (reference: Case): Resize => {
  switch (reference.kind) {
    case 'positions':
      return resizePositions({ grid: gridOf(reference.to), prefix: reference.prefix, stride: 16 });
    case 'table':
      return resizeBiasTable(gridOf(reference.to));
    case 'patches':
      return resizePatches(reference.to, 3);
    case 'channels':
      return resizeInputChannels(reference.to);
  }
};

/** The images of a grid whose patches are 16 pixels wide; some have a border that is no patch. */
const imageOf = (reference: Case) =>
  reference.kind === 'positions'
    ? ([reference.from[0] * 16 + 3, reference.from[1] * 16] as const)
    : undefined;

test.each(cases.map((reference, i) => [i, reference.kind, reference] as const))(
  'case %i (%s) is as timm makes it',
  (_, __, reference) => {
    const given = arrayOf(reference.input);
    const resized = resizeOf(reference)(given, { image: imageOf(reference) });
    const { shape, data } = resized?.array ?? given;
    expect(shape).toEqual(reference.output.shape);
    const errors = reference.output.data.map((value, i) => Math.abs(value - data[i]!));
    const scale = Math.max(...reference.output.data.map(Math.abs));
    expect(Math.max(...errors)).toBeLessThan(1e-6 * scale);
  },
);

describe('what is left as it is', () => {
  const table = float32([1, 17, 2], 1);
  const positions = (height: number, width: number) =>
    resizePositions({ grid: { height, width }, prefix: 1, stride: 4 });

  test.each<[string, Resize, NdArray, Parameters<Resize>[1]]>([
    ['positions of the same grid', positions(4, 4), table, {}],
    ['positions of the same grid, which is known', positions(2, 8), table, { image: [8, 32] }],
    ['as many positions, of a grid that is not known', positions(2, 8), table, {}],
    ['positions that are no grid', positions(2, 2), float32([1, 16, 2]), {}],
    ['positions of another rank', positions(2, 2), float32([17, 2]), {}],
    ['a prefix alone', positions(2, 2), float32([1, 1, 2]), {}],
    ['a table of the same window', resizeBiasTable({ height: 2, width: 2 }), float32([9, 3]), {}],
    ['a table that is no square', resizeBiasTable({ height: 2, width: 2 }), float32([15, 3]), {}],
    ['a table of no window', resizeBiasTable({ height: 2, width: 2 }), float32([16, 3]), {}],
    ['a table of another rank', resizeBiasTable({ height: 2, width: 2 }), float32([25]), {}],
    ['patches of the same size', resizePatches(2, 3), float32([1, 3, 2, 2]), {}],
    ['patches that are no squares', resizePatches(2, 3), float32([1, 3, 2, 4]), {}],
    ['colours', resizeInputChannels(3), float32([1, 1, 2, 2]), {}],
    ['channels that are no colours', resizeInputChannels(1), float32([1, 4, 2, 2]), {}],
    ['a linear layer', resizeInputChannels(1), float32([1, 3]), {}],
  ])('%s', (_, resize, array, source) => {
    expect(resize(array, source)).toBeUndefined();
  });
});

test('as many positions of a known grid are resampled, and the prefix stays', () => {
  const table = float32([1, 9, 1], [7, 0, 1, 2, 3, 4, 5, 6, 7]);
  const resize = resizePositions({ grid: { height: 4, width: 2 }, prefix: 1, stride: 8 });
  const resized = resize(table, { image: [16, 32] });
  expect([resized?.from, resized?.to]).toEqual(['2x4', '4x2']);
  expect(resized?.array.shape).toEqual([1, 9, 1]);
  expect(resized?.array.data[0]).toBe(7);
});

test('patches and channels change together', () => {
  const weight = float32([1, 3, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  const { array, from, to } = resizePatches(4, 1)(weight, {})!;
  const sum = resizeInputChannels(1)(weight, {})!.array;
  expect([from, to]).toEqual(['2x2, 3 channels', '4x4, 1 channel']);
  const expected = resizePatches(4, 1)(sum, {})!.array;
  array.data.forEach((value, i) => expect(value).toBeCloseTo(expected.data[i]!, 5));
  expect(array.shape).toEqual([1, 1, 4, 4]);
});
