// npx tsx tools/claims/src/split.ts FROM OUT: puts EuroSAT's images (class folders of CLASS_NUMBER.jpg) into OUT/train and OUT/test
// as the experiments have them, 200 images a class to train and 1,000 to test.
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

type Split = Readonly<Record<string, Readonly<Record<'train' | 'test', readonly number[]>>>>;

const [from, out] = process.argv.slice(2);
if (!from || !out) throw new Error('usage: npx tsx tools/claims/src/split.ts FROM OUT');
const path = new URL('../../data/eurosat-split.json', import.meta.url);
const split = JSON.parse(await readFile(path, 'utf8')) as Split;
for (const [name, parts] of Object.entries(split))
  for (const [part, numbers] of Object.entries(parts)) {
    const folder = join(out, part, name);
    await mkdir(folder, { recursive: true });
    for (const number of numbers) {
      const file = `${name}_${number}.jpg`;
      await cp(join(from, name, file), join(folder, file));
    }
  }
