import { float32, type NdArray } from '@kcr/core';
import { lookupGradientOp } from '@kcr/core/internal';
import { expect, test } from 'vitest';
import { OnnxEngine } from './engine.ts';

/** The gradient of a table, on two threads. */
async function gradient(dy: NdArray, indices: readonly number[], rows: number) {
  await using engine = new OnnxEngine({ threads: 2 });
  const step = engine.compile('gradient', ({ inputs }) => ({
    outputs: { table: lookupGradientOp({ dy: inputs.dy! }, { indices, rows }) },
  }));
  return (await step({ dy })).table!;
}

/** The same, one row after another. Whole numbers have exact sums in any order. */
function sums({ shape, data }: NdArray, indices: readonly number[], rows: number): number[] {
  const [, width] = shape as [number, number];
  const out = new Array<number>(rows * width).fill(0);
  indices.forEach((row, i) => {
    for (let j = 0; j < width; j++) out[row * width + j]! += Number(data[i * width + j]);
  });
  return out;
}

/** The row of Swin's bias table that each pair of a window's tokens reads. */
function relativePositions(window: number): number[] {
  const tokens = Array.from({ length: window ** 2 }, (_, i) => [
    Math.floor(i / window),
    i % window,
  ]);
  const side = 2 * window - 1;
  return tokens.flatMap(([y, x]) =>
    tokens.map(([v, u]) => (y! - v! + window - 1) * side + x! - u! + window - 1),
  );
}

test.each([
  // What ONNX Runtime's ScatterND loses sums of, by two threads or more.
  ['a window of 12 x 12 with 32 heads', relativePositions(12), 23 ** 2, 32],
  ['one row, met 50,000 times', new Array<number>(50_000).fill(0), 1, 64],
  ['rows that are not met', [5, 5, 2], 7, 3],
  ['one row, met once', [0], 1, 1],
])(
  'the gradient of a table has all that its rows were met with: %s',
  async (_, indices, rows, width) => {
    const data = Float32Array.from({ length: indices.length * width }, (_, i) => (i % 7) - 3);
    const dy = float32([indices.length, width], data);
    const { shape, data: found } = await gradient(dy, indices, rows);
    expect(shape).toEqual([rows, width]);
    expect(Array.from(found)).toEqual(sums(dy, indices, rows));
  },
);
