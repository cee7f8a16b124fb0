import { expect, inject, test } from 'vitest';

/**
 * What a package may weigh, in kB: the file that is downloaded, and what it is when unpacked. A tenth more than it was when
 * this was written; whoever needs more says so here.
 */
const BUDGETS: Readonly<Record<string, readonly [packed: number, unpacked: number]>> = {
  '@kcr/backbones': [35, 130],
  '@kcr/cli': [50, 175],
  '@kcr/core': [235, 850],
  '@kcr/create-plugin': [25, 80],
  '@kcr/criteria': [25, 65],
  '@kcr/data': [110, 390],
  '@kcr/detect': [50, 180],
  '@kcr/distill': [10, 25],
  '@kcr/explain': [20, 55],
  '@kcr/features': [20, 45],
  '@kcr/ib-bound': [20, 65],
  '@kcr/lfc': [25, 70],
  '@kcr/masks': [25, 70],
  '@kcr/mpi': [20, 65],
  '@kcr/nystrom': [42, 150],
  '@kcr/onnx': [98, 385],
  '@kcr/page': [65, 160],
  '@kcr/pipeline': [185, 720],
  '@kcr/pretrained': [35, 120],
  '@kcr/testing': [45, 180],
};

const published = inject('published');

test('every package has a budget', () => {
  expect(Object.keys(BUDGETS).sort()).toEqual(Object.keys(published).sort());
});

test.each(Object.entries(BUDGETS))('%s weighs what it may', (name, [packed, unpacked]) => {
  const { size, unpackedSize } = published[name]!;
  expect(size / 1000).toBeLessThan(packed);
  expect(unpackedSize / 1000).toBeLessThan(unpacked);
});

test.each(Object.keys(BUDGETS))('less than half of %s is source maps', (name) => {
  const { files, unpackedSize } = published[name]!;
  const maps = files.filter(({ path }) => path.endsWith('.map'));
  expect(maps.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(unpackedSize / 2);
});

test.each(Object.keys(BUDGETS))(
  '%s has what it runs, its page and its licence, and no more',
  (name) => {
    const others = published[name]!.files.map(({ path }) => path).filter(
      (path) => !/^(dist|templates|sweeps)\//.test(path),
    );
    // The changelog is written with the first version.
    expect(others.filter((path) => path !== 'CHANGELOG.md').sort()).toEqual([
      'LICENSE',
      'README.md',
      'package.json',
    ]);
  },
);
