import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { Asked, Told } from './row.ts';

/** What the process that measures a stage tells. */
function measure(asked: Asked): Told[] {
  const program = fileURLToPath(new URL('measure-stage.ts', import.meta.url));
  const args = ['--import', 'tsx', program, JSON.stringify(asked)];
  const text = execFileSync(process.execPath, args, { encoding: 'utf8' });
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Told);
}

/** Bytes that such a process has before it has made anything. */
let least = 0;

const asked = { recipe: 'kcr-vit-eurosat', stage: 'compact', limit: 600 } as const;

test('two updates of a stage are measured, and it is told how far they are', {
  timeout: 120_000,
}, () => {
  const told = measure({ ...asked, only: { pieces: 2, size: 4, images: 64 } });
  const lines = told.flatMap((one) => (one.type === 'progress' ? one.text : []));
  expect(lines.slice(-6)).toEqual([
    'update 1 of 2, piece 1 of 2',
    'update 1 of 2, piece 2 of 2',
    'update 1 of 2',
    'update 2 of 2, piece 1 of 2',
    'update 2 of 2, piece 2 of 2',
    'update 2 of 2',
  ]);
  const last = told.at(-1)!;
  if (last.type !== 'row') throw new Error(last.type);
  const { images, pieces, timedImages, timedPieces, expected, peak, before, parts, compile } =
    last.row;
  expect({ images, pieces, timedImages, timedPieces }).toEqual({
    images: 8,
    pieces: 2,
    timedImages: 8,
    timedPieces: 2,
  });
  least = before;
  // A process of Node that has loaded ONNX Runtime, and a model of 0.47 M parameters.
  expect(before).toBeGreaterThan(1e8);
  expect(peak).toBeGreaterThan(before);
  expect(peak).toBeLessThan(2e9);
  expect(expected).toBeGreaterThan(before);
  expect(compile).toBeGreaterThan(0);
  expect(Object.keys(parts)).toEqual(['weights']);
  // Of a whole update each image has a part of the optimiser's time that is an eighth of what it has of this one.
  expect(parts.weights!.update).toBeGreaterThan(0);
  expect(parts.weights!.second).toBeGreaterThan(parts.weights!.update / 64);
  expect(parts.weights!.first).toBeGreaterThan(parts.weights!.second);
});

test('updates of too many pieces are not made: it is told what would be', {
  timeout: 120_000,
}, () => {
  // Room for some of the 64 images of a batch.
  const told = measure({ ...asked, memory: least + 110e6, most: 2 });
  const last = told.at(-1)!;
  if (last.type !== 'too-long') throw new Error(last.type);
  expect(last.only.pieces).toBe(2);
  expect(last.whole.pieces).toBeGreaterThan(2);
  expect(last.only.size * last.whole.pieces).toBe(last.whole.images);
  expect(told.some((one) => one.type === 'progress' && one.text.includes('piece'))).toBe(false);
});
