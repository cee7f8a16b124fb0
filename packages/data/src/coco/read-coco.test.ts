import { writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing.ts';
import { readCoco } from './read-coco.ts';

const at = temporaryFolder();

test('a JSON file; what is none, or is not there, is COCO_READ', async () => {
  await writeFile(at('fine.json'), '[{"image_id": 3}]');
  expect(await readCoco(at('fine.json'))).toEqual([{ image_id: 3 }]);
  await writeFile(at('broken.json'), '[{"image_id": 3}');
  for (const name of ['broken.json', 'none.json'])
    await expect(readCoco(at(name))).rejects.toThrow(
      expect.objectContaining({ code: 'COCO_READ', where: at(name) }),
    );
});
