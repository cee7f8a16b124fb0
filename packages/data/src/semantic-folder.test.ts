import { mkdir, writeFile } from 'node:fs/promises';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { type SemanticFolderOptions, semanticFolder } from './semantic-folder.ts';
import { IGNORED } from './semantic-source.ts';
import { counted, temporaryFolder } from './testing.ts';

const at = temporaryFolder();
const labels = [0, 1, 2, 3, 7, 255];
const size = { height: 2, width: 3 };

beforeAll(async () => {
  for (const folder of ['images', 'labels', 'wide']) await mkdir(at(folder));
  await sharp(counted(2, 3, 3).data, { raw: { ...size, channels: 3 } })
    .png()
    .toFile(at('images/a.png'));
  const map = { ...size, channels: 1 };
  await writeFile(at('labels/a.png'), encode({ ...map, depth: 8, data: Uint8Array.from(labels) }));
  const wide = Uint16Array.of(0, 256, 257, 65_535, 1, 1000);
  await writeFile(at('wide/a.png'), encode({ ...map, depth: 16, data: wide }));
});

const classes = (n: number) => Array.from({ length: n }, (_, i) => `class ${i}`);
const mapOf = async (options: SemanticFolderOptions) => {
  const source = await semanticFolder(at(), options);
  return [...(await source.classMap(0)).data];
};

test('images with their names and sizes, and pixels of as many channels as asked for', async () => {
  const source = await semanticFolder(at(), { classes: classes(8) });
  expect(source).toMatchObject({ classes: classes(8), channels: 3, skipped: {} });
  expect(source.images).toEqual([expect.objectContaining({ name: 'a', ...size })]);
  expect(await source.pixels(0)).toEqual(counted(2, 3, 3));
  expect(await source.classMap(0)).toMatchObject(size);
  const grey = await semanticFolder(at(), { classes: classes(8), channels: 1 });
  expect((await grey.pixels(0)).shape).toEqual([2, 3, 1]);
});

describe('the class of each label', () => {
  test.each<[string, SemanticFolderOptions, number[]]>([
    ['is the label', { classes: classes(8) }, [0, 1, 2, 3, 7, IGNORED]],
    [
      'is one less where 0 is no class',
      { classes: classes(7), reduceZeroLabel: true },
      [IGNORED, 0, 1, 2, 6, IGNORED],
    ],
    [
      'is none for a label that does not count',
      { classes: classes(256), ignore: 7 },
      [0, 1, 2, 3, IGNORED, 255],
    ],
    [
      'is none for a label that does not count, before 0 is taken away',
      { classes: classes(255), ignore: 2, reduceZeroLabel: true },
      [IGNORED, 0, IGNORED, 2, 6, 254],
    ],
    [
      'is whether there is an object, where labels number them',
      { classes: classes(2), instanceIds: true },
      [0, 1, 1, 1, 1, 1],
    ],
  ])('%s', async (_, options, expected) => {
    expect(await mapOf(options)).toEqual(expected);
  });

  test('is that of labels of 16 bits, too', async () => {
    const own = { classes: classes(2), labels: 'wide', instanceIds: true };
    expect(await mapOf(own)).toEqual([0, 1, 1, 1, 1, 1]);
  });

  test.each([
    ['8 bits', { classes: classes(3) }, 'label 3 for 3'],
    ['16 bits', { classes: classes(200), labels: 'wide' }, 'label 256 for 200'],
  ])(
    'a label of %s that is no class: LABEL_MAP_CLASS with the file and the label',
    async (_, options, found) => {
      const labelsAt = at('labels' in options ? 'wide' : 'labels', 'a.png');
      await expect(mapOf(options)).rejects.toThrow(
        expect.objectContaining({
          code: 'LABEL_MAP_CLASS',
          where: labelsAt,
          found: expect.stringContaining(found),
        }),
      );
    },
  );
});

test('labels that are no label map are an error when they are read', async () => {
  const source = await semanticFolder(at(), { classes: classes(2), labels: 'images' });
  await expect(source.classMap(0)).rejects.toThrow(
    expect.objectContaining({ code: 'LABEL_MAP_READ' }),
  );
});
