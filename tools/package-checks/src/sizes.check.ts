import { expect, inject, test } from 'vitest';

/**
 * What a package may weigh, in kB: the file that is downloaded, and what it is when unpacked. A tenth more than it was when
 * this was written; whoever needs more says so here.
 */
const BUDGETS: Readonly<Record<string, readonly [packed: number, unpacked: number]>> = {};

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
      (path) => !path.startsWith('dist/'),
    );
    // The changelog is written with the first version.
    expect(others.filter((path) => path !== 'CHANGELOG.md').sort()).toEqual([
      'LICENSE',
      'README.md',
      'package.json',
    ]);
  },
);
