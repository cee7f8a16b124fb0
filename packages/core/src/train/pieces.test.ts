import { expect, test } from 'vitest';
import { float32, int32 } from '../ground/array.ts';
import { piecesOf } from './pieces.ts';

const batch = {
  image: float32([4, 1, 1, 2], [0, 1, 2, 3, 4, 5, 6, 7]),
  label: int32([4], [0, 1, 0, 1]),
};
const indices = Int32Array.of(8, 6, 7, 5);

test('a batch falls into equal pieces, in its order and without copies', () => {
  const pieces = piecesOf(batch, indices, 2);
  expect(pieces).toEqual([
    {
      batch: { image: float32([2, 1, 1, 2], [0, 1, 2, 3]), label: int32([2], [0, 1]) },
      indices: Int32Array.of(8, 6),
    },
    {
      batch: { image: float32([2, 1, 1, 2], [4, 5, 6, 7]), label: int32([2], [0, 1]) },
      indices: Int32Array.of(7, 5),
    },
  ]);
  expect(pieces[1]!.batch.image.data.buffer).toBe(batch.image.data.buffer);
  expect(piecesOf(batch, indices, 1)).toEqual([{ batch, indices }]);
});

test('pieces that would not be equal are refused, and arrays that are not of images', () => {
  expect(() => piecesOf(batch, indices, 3)).toThrow(
    expect.objectContaining({ code: 'BATCH_SIZE' }),
  );
  const scaled = { ...batch, scale: float32([], [2]) };
  expect(() => piecesOf(scaled, indices, 2)).toThrow(
    expect.objectContaining({ code: 'DATASET_BATCH', where: 'accumulated batch, `scale`' }),
  );
});
