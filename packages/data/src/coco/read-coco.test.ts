import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing.ts';
import { readCoco } from './read-coco.ts';

const at = temporaryFolder();

const read = async (text: string, longest?: number) => {
  await writeFile(at('file.json'), text);
  return await readCoco(at('file.json'), longest);
};

test('a JSON file; what is none, or is not there, is COCO_READ', async () => {
  expect(await read('[{"image_id": 3}]')).toEqual([{ image_id: 3 }]);
  const refused = expect.objectContaining({ code: 'COCO_READ', where: at('file.json') });
  for (const text of ['[{"image_id": 3}', `[{"bbox": ${'['.repeat(5000)}${']'.repeat(5000)}}]`])
    await expect(read(text)).rejects.toThrow(refused);
  await expect(readCoco(at('none.json'))).rejects.toThrow(
    expect.objectContaining({ code: 'COCO_READ', where: at('none.json') }),
  );
});

test('what Python writes for numbers that are none is null, in texts it stays', async () => {
  const text = '[{"score": NaN, "file_name": "NaN \\" Infinity"}, -Infinity, Infinity]';
  expect(await read(text)).toEqual([{ score: null, file_name: 'NaN " Infinity' }, null, null]);
  await expect(read('[nothing, NaN]')).rejects.toThrow(
    expect.objectContaining({ code: 'COCO_READ' }),
  );
});

test('a file that is longer than a text can be is read in pieces', async () => {
  const value = { images: [{ id: 1, name: 'grüße "x"' }], counts: [0, -1.5e3], none: null };
  const text = `  ${JSON.stringify(value)}${' '.repeat(2 ** 20)}`;
  expect(await read(text, 10)).toEqual(value);
  const deep = `[{"bbox": ${'['.repeat(200)}${']'.repeat(200)}}]`;
  for (const wrong of ['[1, 2', '[1, 2]]', '[1 2]', '', '{"a": }', deep])
    await expect(read(wrong, -1), wrong).rejects.toThrow(
      expect.objectContaining({ code: 'COCO_READ', where: at('file.json') }),
    );
});
