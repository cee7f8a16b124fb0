import { float32, type NdArray, writeSafetensors } from '@kcr/core';
import { landmarkSamplings } from '@kcr/nystrom';
import { expect, test } from 'vitest';
import { kcr, temporaryFolder } from '../testing.ts';

/** Runs the command on a file with one tensor. */
async function complexity(tensors: Record<string, NdArray>, ...args: string[]) {
  await using folder = await temporaryFolder();
  const file = folder.at('features.safetensors');
  await writeSafetensors(file, { tensors, metadata: {} });
  return await kcr('complexity', file, ...args);
}

/** Rows 3, 0; 0, 2; 0, 0; 0, 0: their Gram matrix over n has the eigenvalues 9 / 4 and 1. */
const features = float32([4, 2], [3, 0, 0, 2, 0, 0, 0, 0]);

test('the spectrum of features gives their trace, tail and complexity', async () => {
  const { out, err } = await complexity({ features }, '--rank', '1', '--landmarks', '4', '--json');
  expect(err).toBe('');
  const { n, d, rank, trace, tnn, aTnn, kc, kcArgmin, aKc } = JSON.parse(out);
  expect([n, d, rank]).toEqual([4, 2, 1]);
  expect(trace).toBeCloseTo(9 / 4 + 1, 6);
  expect(tnn).toBeCloseTo(1, 6);
  // All rows are landmarks: the approximation is the spectrum itself.
  expect(aTnn).toBeCloseTo(1, 5);
  // The least of r / n + sqrt(tail(r) / n) for r = 0, 1, 2.
  const tails = [13 / 4, 1, 0];
  const values = tails.map((tail, r) => r / 4 + Math.sqrt(tail / 4));
  expect(kc).toBeCloseTo(Math.min(...values), 6);
  expect(kcArgmin).toBe(values.indexOf(Math.min(...values)));
  expect(aKc).toBeGreaterThan(0);
});

test('the same seed gives the same landmarks, in every way of choosing them', async () => {
  const data = Array.from({ length: 60 }, (_, i) => Math.sin(i * i));
  const many = { features: float32([20, 3], data) };
  for (const sampling of landmarkSamplings) {
    const options = ['--rank', '1', '--landmarks', '5', '--sampling', sampling, '--seed', '3'];
    const run = async () => (await complexity(many, ...options, '--json')).out;
    const first = await run();
    expect(await run()).toBe(first);
    const { tnn, aTnn } = JSON.parse(first);
    expect(aTnn).toBeGreaterThanOrEqual(tnn);
  }
});

test.each([
  ['FEATURES_MISSING', { other: features }, ['--rank', '1', '--landmarks', '2']],
  ['RANK', { features }, ['--rank', '3', '--landmarks', '2']],
  ['LANDMARKS', { features }, ['--rank', '1', '--landmarks', '5']],
])('%s', async (said, tensors, options) => {
  const { err, out, code } = await complexity(tensors as Record<string, NdArray>, ...options);
  expect(err).toContain(`kcr: ${said}\n`);
  expect([out, code]).toEqual(['', 1]);
});

test('SAFETENSORS_READ where there is no file', async () => {
  const { err } = await kcr('complexity', 'nothing', '--rank', '1', '--landmarks', '1');
  expect(err).toContain('kcr: SAFETENSORS_READ\n');
});
