import { mkdir, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import { labelledImages } from './labelled-images.ts';
import { temporaryFolder } from './testing.ts';

const at = temporaryFolder();

beforeAll(async () => {
  await mkdir(at('images'));
  for (const [name, r] of [
    ['a.png', 10],
    ['b, c.png', 20],
  ] as const)
    await sharp({ create: { width: 3, height: 3, channels: 3, background: { r, g: 0, b: 0 } } })
      .png()
      .toFile(at('images', name));
});

const open = async (text: string, options = {}, name = 'list.csv') => {
  await writeFile(at(name), text);
  return labelledImages(at(name), { size: 2, ...options });
};

const B = '"images/b, c.png"';
test.each<[string, string, object, readonly string[], string?]>([
  [
    'a header of usual names',
    `split,File_Name,label\nx,images/a.png,dog\ny,${B},cat\n`,
    {},
    ['cat', 'dog'],
  ],
  ['no header', `images/a.png,dog\n${B},cat`, {}, ['cat', 'dog']],
  [
    'a byte order mark, CRLF and empty lines',
    `\ufeffpath,class\r\n\r\nimages/a.png,dog\r\n${B}, cat\r\n`,
    {},
    ['cat', 'dog'],
  ],
  [
    'columns that are named',
    `p,q,r\ndog,0,images/a.png\ncat,0,${B}\n`,
    { columns: { image: 'r', label: 'p' } },
    ['cat', 'dog'],
  ],
  ['numbers', `path,label\nimages/a.png,1\n${B},0\n`, {}, ['0', '1']],
  [
    'classes in another order',
    `path,label\nimages/a.png,dog\n${B},cat\n`,
    { classes: ['cat', 'dog', 'x'] },
    ['cat', 'dog', 'x'],
  ],
  [
    'tabs',
    'path\tlabel\nimages/a.png\tdog\nimages/b, c.png\tcat\n',
    {},
    ['cat', 'dog'],
    'list.tsv',
  ],
])('%s', async (_, text, options, classes, name) => {
  const source = await open(text, options, name);
  expect([source.classes, [...source.labels]]).toEqual([classes, [1, 0]]);
  expect([(await source.pixels(0)).data[0], (await source.pixels(1)).data[0]]).toEqual([10, 20]);
});

test.each<[string, string, object, string]>([
  ['nothing', '', {}, 'DATASET_EMPTY'],
  ['a header alone', 'path,label\n', {}, 'DATASET_EMPTY'],
  ['one column', 'images/a.png\n', {}, 'CSV_FORMAT'],
  [
    'a column that is absent',
    'path,label\nimages/a.png,dog\n',
    { columns: { image: 'x' } },
    'CSV_FORMAT',
  ],
  ['an empty cell', 'path,label\nimages/a.png,\n', {}, 'CSV_FORMAT'],
  ['lines of other lengths', 'path,label\nimages/a.png\n', {}, 'CSV_READ'],
  [
    'a class that is not among those',
    'path,label\nimages/a.png,dog\n',
    { classes: ['cat'] },
    'DATASET_CLASSES',
  ],
  [
    'a number beyond the classes',
    'path,label\nimages/a.png,3\n',
    { classes: ['cat'] },
    'DATASET_CLASSES',
  ],
  ['a class of a million', 'path,label\nimages/a.png,1000000\n', {}, 'DATASET_CLASSES'],
])('an error for %s', async (_, text, options, code) => {
  await expect(open(text, options)).rejects.toMatchObject({ code });
});

test('an image that is absent: IMAGE_READ, or left out; identity is of the images', async () => {
  const text = `path,label\nimages/a.png,dog\nimages/none.png,cat\n`;
  const source = await open(text);
  await expect(source.pixels(1)).rejects.toMatchObject({
    code: 'IMAGE_READ',
    where: at('images', 'none.png'),
  });
  const skipping = await open(text, { invalid: 'skip' });
  expect([[...skipping.labels], skipping.skipped]).toEqual([[1], { IMAGE_READ: 1 }]);
  const other = await open(`path,label\n${B},dog\n`);
  expect(await other.identity!()).not.toEqual(await skipping.identity!());
});
