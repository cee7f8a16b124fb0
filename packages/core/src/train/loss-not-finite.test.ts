import { expect, test } from 'vitest';
import { float32 } from '../ground/array.ts';
import { lossNotFinite } from './loss-not-finite.ts';

const nan = Number.NaN;
const step = {
  where: 'epoch 1, step 3',
  loss: nan,
  batch: { image: float32([1, 2], [0, 1]) },
  terms: { crossEntropy: 0.5 },
  plugins: { 'kcr-nystrom': 0.1, 'ib-bound': 0.2 },
};

test.each([
  [
    'pixels before all else',
    { batch: { image: float32([1, 2], [0, nan]) }, terms: { crossEntropy: nan } },
    /from NaN or infinite values in the batch's image/,
    /read, augmented and normalised/,
  ],
  [
    'a plugin where the task can tell its loss',
    { plugins: { 'kcr-nystrom': nan, 'ib-bound': 0.2 } },
    /^a loss of NaN, from plugin "kcr-nystrom"$/,
    /smaller weight/,
  ],
  [
    "the task's term where both are not finite",
    { terms: { crossEntropy: 0.5, mask: nan }, plugins: { 'ib-bound': nan } },
    /, from mask$/,
    /start a new run with a lower learning rate/,
  ],
  ['their sum', { loss: Number.POSITIVE_INFINITY }, /^a loss of Infinity, a sum of/, /new run/],
])('the error blames %s', (_, change, found, fix) => {
  const error = lossNotFinite({ ...step, ...change });
  expect(error.code).toBe('LOSS_NOT_FINITE');
  expect(error.where).toBe('epoch 1, step 3');
  expect(error.found).toMatch(found);
  expect(error.fix).toMatch(fix);
  expect(error.fix).not.toMatch(/checkpoint/);
});
