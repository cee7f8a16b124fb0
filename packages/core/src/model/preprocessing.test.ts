import { expect, test } from 'vitest';
import { plainPreprocessing } from './preprocessing.ts';

test('plain preprocessing changes no pixel and cuts nothing off; channels come first', () => {
  expect(plainPreprocessing([32, 48, 2])).toEqual({
    input_size: [2, 32, 48],
    interpolation: 'bicubic',
    crop_pct: 1,
    crop_mode: 'center',
    mean: [0, 0],
    std: [1, 1],
  });
});
