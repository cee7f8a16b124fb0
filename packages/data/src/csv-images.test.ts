import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { type CsvImagesOptions, csvImages } from './csv-images.ts';
import { temporaryFolder } from './testing.ts';

const at = temporaryFolder();
const read = async (text: string, options: CsvImagesOptions = { shape: [2, 2] }) => {
  await writeFile(at('digits.csv'), text);
  return csvImages(at('digits.csv'), options);
};

test.each([
  ['with a header', 'p1,p2,p3,p4,class\n0,16,8,0,1\n16,16,16,16,0\n'],
  ['without one', '0,16,8,0,1\n16,16,16,16,0\n'],
  ['with a byte order mark', '\ufeff0,16,8,0,1\n16,16,16,16,0\n'],
  ['with spaces and empty lines', '0, 16, 8, 0, 1\n\n16,16,16,16 ,0'],
])('images of a file %s', async (_, text) => {
  const source = await read(text);
  expect(source.shape).toEqual([2, 2, 1]);
  expect([...source.labels]).toEqual([1, 0]);
  // 8 of 16 is 127.5 of 255.
  expect([...(await source.pixels(0)).data]).toEqual([0, 255, 128, 0]);
  expect([...(await source.pixels(1)).data]).toEqual([255, 255, 255, 255]);
});

test('another white, and the default shape of optdigits', async () => {
  const source = await read('0,51,255,3\n', { shape: [1, 3], max: 255 });
  expect([...(await source.pixels(0)).data]).toEqual([0, 51, 255]);
  const line = `${Array(64).fill(4).join()},9\n`;
  const digits = await read(line, {});
  expect(digits.shape).toEqual([8, 8, 1]);
  expect(digits.classes).toHaveLength(10);
});

test.each([
  ['a value above white', '16,99,16,16,0', 2],
  ['a value below black', '16,-1,16,16,0', 2],
  ['no number', '16,x,16,16,0', 2],
  ['an empty cell', '16,16,,16,0', 3],
  ['a class that is no whole number', '16,1,16,16,0.5', 5],
  ['a class below 0', '16,1,16,16,-1', 5],
  ['a class of a billion', '16,1,16,16,1000000000', 5],
])('%s: CSV_FORMAT with the image and the column', async (_, line, column) => {
  const error = { code: 'CSV_FORMAT', where: `${at('digits.csv')}, image 2, column ${column}` };
  const wrong = read(`0,16,8,0,1\n${line}\n`);
  await expect(wrong).rejects.toThrow(expect.objectContaining(error));
});

test('images of another shape: CSV_FORMAT', async () => {
  const error = expect.objectContaining({ code: 'CSV_FORMAT' });
  await expect(read('16,1,16,16,3,0\n')).rejects.toThrow(error);
});

test('lines of different lengths and a missing file: CSV_READ', async () => {
  const error = expect.objectContaining({ code: 'CSV_READ' });
  await expect(read('0,16,8,0,1\n0,16,8,0\n')).rejects.toThrow(error);
  await expect(csvImages(at('none.csv'))).rejects.toThrow(error);
});

test.each([
  ['nothing', ''],
  ['empty lines', '\n\n'],
  ['a header alone', 'p1,p2,p3,p4,class\n'],
])('%s: DATASET_EMPTY', async (_, text) => {
  await expect(read(text)).rejects.toThrow(
    expect.objectContaining({ code: 'DATASET_EMPTY', where: at('digits.csv') }),
  );
});
