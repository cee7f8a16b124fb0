import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { float32, Generator, int32, type NdArray, writeSafetensors } from '@kcr/core';
import { toFeatures } from '@kcr/features';
import { landmarkCurve, landmarkSamplings } from '@kcr/nystrom';
import { describe, expect, test } from 'vitest';
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

test('without options: the rank is the argmin of KC, and there are four landmarks for each feature', async () => {
  const many = {
    features: float32(
      [40, 2],
      Array.from({ length: 80 }, (_, i) => Math.sin(i * i)),
    ),
  };
  const { out } = await complexity(many, '--json');
  const { rank, kcArgmin, landmarks, sampling } = JSON.parse(out);
  expect([rank, landmarks, sampling]).toEqual([kcArgmin, 8, 'uniform']);
});

describe('--curve', () => {
  const data = Array.from({ length: 90 }, (_, i) => Math.sin(i * i));
  const labels = int32(
    [30],
    Array.from({ length: 30 }, (_, i) => i % 3),
  );
  const tensors = { features: float32([30, 3], data), labels };

  test('prints and stores what landmarks give, by their number and the way of choosing them', async () => {
    await using folder = await temporaryFolder();
    const out = folder.at('curve');
    const options = ['--curve', '4', '30', '--draws', '2', '--rank', '1', '--step', '9'];
    const { out: text, err } = await complexity(tensors, ...options, '--out', out);
    expect(err).toBe('curve: 16 of 16 draws\n');
    const [header, exact, ...lines] = text.trim().split('\n');
    expect(header!.split(/ {2,}/)).toEqual([
      'landmarks',
      'm',
      'TNN_1',
      'A-KC',
      'at most',
      'upper bound',
    ]);
    const curve = JSON.parse(await readFile(join(out, 'curve.json'), 'utf8'));
    expect(exact).toContain(curve.tnn.toPrecision(5));
    expect(lines).toHaveLength(8);
    expect(lines[0]).toMatch(/^uniform +4 /);
    const given = { rank: 1, draws: 2, step: 9, landmarks: [4, 30], generator: new Generator(0) };
    const labels = Int32Array.from({ length: 30 }, (_, i) => i % 3);
    const expected = landmarkCurve(toFeatures(tensors.features), { ...given, labels });
    expect(curve).toEqual(JSON.parse(JSON.stringify(expected)));
    for (const name of ['tnn', 'kc', 'bound']) {
      const svg = await readFile(join(out, `${name}.svg`), 'utf8');
      for (const line of [...landmarkSamplings, 'exact']) expect(svg).toContain(`>${line}</text>`);
    }
  });

  test('without labels there is no bound; without numbers they double', async () => {
    const { features } = tensors;
    const { out } = await complexity({ features }, '--curve', '--draws', '1', '--json');
    const { bound, points } = JSON.parse(out);
    expect(bound).toBeUndefined();
    expect(points.slice(0, 2).map((point: { landmarks: number }) => point.landmarks)).toEqual([
      24, 30,
    ]);
  });

  test.each([
    ['LANDMARKS', tensors, ['--curve', '31']],
    ['LABELS', { ...tensors, labels: int32([2], [0, 1]) }, ['--curve', '4']],
    ['OUT_WRITE', tensors, ['--curve', '4', '--out', '/proc/no']],
  ])('%s', async (said, given, options) => {
    const { err, out, code } = await complexity(given, ...options);
    expect(err).toContain(`kcr: ${said}\n`);
    expect([out, code]).toEqual(['', 1]);
  });
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
