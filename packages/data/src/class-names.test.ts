import { mkdir, writeFile } from 'node:fs/promises';
import type { KnownClasses } from '@kcr/core/internal';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { classNames } from './class-names.ts';
import { labelledImages } from './labelled-images.ts';
import { writeShards } from './shards/write-shards.ts';
import { temporaryFolder } from './testing.ts';

const refusal = { code: 'FOLDER_CLASSES', where: 'here' } as const;
const read = (found: readonly string[], known?: KnownClasses) => classNames(found, known, refusal);

test('without others the names of the data', () => {
  expect(read(['a', 'b'])).toEqual(['a', 'b']);
});

test('names that are known, of which the data may lack some', () => {
  expect(read(['a', 'b'], ['b', 'c', 'a'])).toEqual(['b', 'c', 'a']);
  expect(() => read(['a', 'x'], ['a', 'b'])).toThrow(/here: unknown classes x/);
});

describe('of as many classes without names', () => {
  test('the names of the data in their order', () => {
    expect(read(['n01440764', 'n01443537'], 2)).toEqual(['n01440764', 'n01443537']);
  });

  test('numbers are the numbers of classes, though some are missing', () => {
    expect(read(['0', '10', '2'], 11)).toEqual(Array.from({ length: 11 }, (_, i) => `${i}`));
  });

  test.each<[string, string[], number, RegExp]>([
    ['fewer', ['a', 'b'], 3, /2 classes \(a, b\) for a model of 3 that does not name them/],
    ['more', ['a', 'b'], 1, /2 classes/],
    ['numbers that are none of its classes', ['0', '3'], 3, /2 classes \(0, 3\)/],
    // timm sorts class2 before class10, torchvision does not.
    ['numbers in names', ['class10', 'class2'], 2, /order is not certain \(class10/],
    ['capitals', ['Dog', 'cat'], 2, /order is not certain \(Dog/],
    ['a name that another begins with', ['a', 'a1', 'a10', 'a9'], 4, /not certain \(a10/],
  ])('refused: %s', (_, found, count, message) => {
    expect(() => read(found, count)).toThrow(message);
  });

  test('one name may begin with another', () => {
    expect(read(['a', 'a1', 'ab'], 3)).toEqual(['a', 'a1', 'ab']);
  });
});

const at = temporaryFolder();

test('in folders, tar files and CSV files alike', async () => {
  const image = await sharp({ create: { width: 2, height: 2, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  for (const name of ['cat', 'dog']) {
    await mkdir(at('folder', name), { recursive: true });
    await writeFile(at('folder', name, 'a.png'), image);
  }
  await writeShards(at('folder'), at('shards'));
  await writeFile(at('list.csv'), 'folder/dog/a.png,dog\nfolder/cat/a.png,cat\n');
  for (const name of ['folder', 'shards', 'list.csv']) {
    const { classes } = await labelledImages(at(name), { size: 2, classes: 2 });
    expect(classes, name).toEqual(['cat', 'dog']);
    const more = labelledImages(at(name), { size: 2, classes: 3 });
    await expect(more).rejects.toMatchObject({
      found: expect.stringContaining('for a model of 3'),
    });
  }
});
