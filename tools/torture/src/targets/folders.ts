import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Generator } from '@kcr/core';
import { imageFolder } from '@kcr/data';
import { chance, oneOf } from '../mutate-bytes.ts';
import { type Reader, require } from '../target.ts';
import { drawn } from './images.ts';

const NAMES = ['a', 'B', 'ä', 'class 1', '__proto__', 'constructor', '.hidden', 'a.png', '0', '\n'];
const FILES = ['x.png', 'y.PNG', '.x.png', 'x.txt', 'x.bmp', 'x', '.png', 'x.jpg', '\n.png'];
/** Links to what is not there, to the folder itself, and to another one. */
const LINKS = ['nothing', '.', '..', 'a'];

/** Writes a folder of some classes, in which anything may lie. */
async function writeFolder(generator: Generator, root: string, png: Buffer): Promise<void> {
  for (let left = 1 + generator.integer(4); left > 0; left--) {
    const folder = join(root, oneOf(generator, NAMES), chance(generator, 0.2) ? 'inner' : '');
    const made = await mkdir(folder, { recursive: true }).then(
      () => true,
      () => false,
    );
    for (let files = generator.integer(4); made && files > 0; files--) {
      const path = join(folder, oneOf(generator, FILES));
      if (chance(generator, 0.1)) await symlink(oneOf(generator, LINKS), path).catch(() => {});
      else await writeFile(path, chance(generator, 0.9) ? png : '').catch(() => {});
    }
  }
}

/** `imageFolder` of whatever lies there, with a list of classes or without: a label for each image, that of its class. */
export const folders: Reader = {
  name: 'class-folders',
  async ready(folder) {
    const png = await drawn(4, 4, 3).png().toBuffer();
    const root = join(folder, 'images');
    const generators = new WeakMap<object, Generator>();
    return {
      mutate(generator) {
        const files = {};
        generators.set(files, generator);
        return files;
      },
      async read(files) {
        const generator = generators.get(files)!;
        await rm(root, { recursive: true, force: true });
        await mkdir(root);
        await writeFolder(generator, root, png);
        const classes = chance(generator, 0.5)
          ? Array.from({ length: generator.integer(12) }, () => oneOf(generator, NAMES))
          : undefined;
        const invalid = oneOf(generator, ['skip', 'error'] as const);
        const source = await imageFolder(root, { size: 4, classes, invalid });
        require(source.labels.length > 0, () => 'no image');
        for (const [i, label] of source.labels.entries()) {
          require(source.classes[label] !== undefined, () => `image ${i}: class ${label}`);
          await source.pixels(i);
        }
        require(!classes || classes.join() === source.classes.join(), () => 'other classes');
      },
    };
  },
};
