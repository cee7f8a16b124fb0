import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { Generator } from '@kcr/core';
import type { Augment, Pixels } from '@kcr/data';
import { describe, expect, test } from 'vitest';
import { MODULE } from '../testing/brightness.ts';
import { temporaryFolder, tinyModel } from '../testing/tiny.ts';
import { augmentList, augments, loadAugments, photometricAugments } from './augments.ts';

const context = { model: await tinyModel() };

/** 1 2 above 3 4, grey. */
const image: Pixels = { data: Uint8Array.of(1, 2, 3, 4), shape: [2, 2, 1] };

/** All results that a change gives of an image. */
function results(change: Augment): Set<string> {
  const generator = new Generator(0);
  return new Set(Array.from({ length: 64 }, () => change(image, generator).data.join(' ')));
}

describe('changes by their names', () => {
  test.each<[keyof typeof augments, string[]]>([
    ['horizontalFlip', ['1 2 3 4', '2 1 4 3']],
    ['verticalFlip', ['1 2 3 4', '3 4 1 2']],
    ['transpose', ['1 2 3 4', '1 3 2 4']],
  ])('%s', async (name, expected) => {
    const [change] = await loadAugments([name], augments, context);
    expect([...results(change!)].sort()).toEqual(expected);
  });

  test('come in the order of the list, and as often', async () => {
    const list = ['transpose', 'horizontalFlip', 'transpose'] as const;
    const changes = await loadAugments(list, augments, context);
    expect(changes).toHaveLength(3);
    expect([...results(changes[0]!)].sort()).toEqual([...results(changes[2]!)].sort());
    expect(results(changes[1]!).has('2 1 4 3')).toBe(true);
  });

  test('random erasing has its own probability: none erases nothing, 1 always something', async () => {
    const grey = { data: new Uint8Array(32 * 32).fill(100), shape: [32, 32, 1] } as const;
    const changed = (change: Augment) =>
      change({ ...grey, data: grey.data.slice() }, new Generator(0)).data.some((x) => x !== 100);
    const [never, always] = await loadAugments(
      [{ randomErasing: 0 }, { randomErasing: 1 }],
      augments,
      context,
    );
    expect(changed(never!)).toBe(false);
    expect(changed(always!)).toBe(true);
  });

  test('a part of another module is one too', async () => {
    const [change] = await loadAugments(
      [{ use: `${MODULE}#nothing`, options: {} }],
      augments,
      context,
    );
    expect(change!(image, new Generator(0))).toBe(image);
    // By this worker threads make it too.
    const module = pathToFileURL(MODULE).href;
    expect(change!.portable).toEqual({ module, name: 'nothing', options: {} });
  });
});

describe('a change of another contract, or one that needs what is not there', () => {
  test.each([
    ['no contract', 'export const own = () => (image) => image;', 'EXTENSION_CONTRACT'],
    [
      'another one',
      'export const own = () => Object.assign((image) => image, { contract: 2 });',
      'EXTENSION_CONTRACT',
    ],
    [
      'another task',
      "export const own = () => Object.assign((image) => image, { contract: 1, needs: { tasks: ['depth'] } });",
      'EXTENSION_NEEDS',
    ],
  ])('%s', async (_, source, code) => {
    await using folder = await temporaryFolder();
    const path = folder.at('own.mjs');
    await writeFile(path, source);
    const list = [{ use: `${path}#own`, options: {} }];
    await expect(loadAugments(list, augments, context)).rejects.toMatchObject({
      code,
      where: expect.stringContaining('image change'),
    });
  });
});

test('a list takes names of its own table alone', () => {
  const type = augmentList(photometricAugments);
  expect(type.parse(undefined)).toEqual([]);
  const right = ['photometricDistortion', { use: 'a#b' }, { randomErasing: 0.25 }];
  for (const item of right) expect(type.safeParse([item]).success).toBe(true);
  const wrong = ['horizontalFlip', { randomErasing: 1.5 }, { use: 'b' }, 3];
  for (const item of wrong) expect(type.safeParse([item]).success).toBe(false);
});
