import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Generator } from '@kcr/core';
import { encode } from 'fast-png';
import type { Places } from '../run-row.ts';

/** Grey noise around a brightness as a PNG. */
function noisePng(height: number, width: number, brightness: number, seed: number): Uint8Array {
  const generator = new Generator(seed);
  const data = Uint8Array.from(
    { length: height * width * 3 },
    () => brightness + 40 * generator.uniform(),
  );
  return encode({ height, width, data, channels: 3, depth: 8 });
}

async function write(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
}

/** Class folders as people have them, each by its files: of images their names in data/images, or a text. */
const classFolders: Readonly<Record<string, Readonly<Record<string, string | { text: string }>>>> =
  {
    real: { 'cat/a.png': 'plain.png', 'dog/b.webp': 'image.webp' },
    empty: { 'cat/a.png': 'plain.png', 'dog/a.png': 'plain.png' },
    nested: { 'cat/session1/a.png': 'plain.png', 'dog/a.png': 'plain.png' },
    rubbish: {
      'cat/a.png': 'plain.png',
      'cat/.DS_Store': { text: 'x' },
      'cat/._a.png': { text: '\0\x05\x16\x07' },
      'dog/a.png': 'plain.png',
      'dog/Thumbs.db': { text: 'x' },
      '.ipynb_checkpoints/a.png': 'plain.png',
      '__MACOSX/a.png': 'plain.png',
    },
    'folder-named-jpg': {
      'cat/a.png': 'plain.png',
      'cat/old.jpg/x.txt': { text: 'x' },
      'dog/a.png': 'plain.png',
    },
    bmp: { 'cat/a.bmp': 'image.bmp', 'dog/a.bmp': 'image.bmp' },
    numeric: Object.fromEntries(
      ['0', '1', '2', '10', '11'].map((name) => [`${name}/a.png`, 'plain.png']),
    ),
    truncated: { 'cat/a.png': 'plain.png', 'cat/t.jpg': 'truncated.jpg', 'dog/a.png': 'plain.png' },
    'zero-bytes': { 'cat/a.png': 'plain.png', 'cat/z.jpg': { text: '' }, 'dog/a.png': 'plain.png' },
    'link-as-file': {
      'cat/a.png': 'plain.png',
      'dog/a.png': 'plain.png',
      'dog/l.jpg': { text: '../cat/a.png' },
    },
    unicode: { 'grüne Äpfel/ä b.PNG': 'plain.png', '猫 🐈/犬.JPEG': 'UPPER.JPEG' },
    'no-classes': { 'a.png': 'plain.png' },
  };

async function makeClassFolders({ data, made }: Places): Promise<void> {
  for (const [folder, files] of Object.entries(classFolders))
    for (const [file, content] of Object.entries(files)) {
      const bytes =
        typeof content === 'string' ? await readFile(join(data, 'images', content)) : content.text;
      await write(join(made, folder, file), bytes);
    }
  const at = (...parts: string[]) => join(made, ...parts);
  await mkdir(at('empty', 'bird'));
  await mkdir(at('symlink'));
  for (const name of ['cat', 'dog']) await symlink(`../real/${name}`, at('symlink', name));
  await cp(at('real', 'dog'), at('half-link', 'dog'), { recursive: true });
  await symlink('../real/cat', at('half-link', 'cat'));
  await cp(at('real'), at('broken-link'), { recursive: true });
  await symlink('/nowhere.png', at('broken-link', 'cat', 'b.png'));
}

/** Images with label maps of their names: data/labels has the maps. */
async function makeLabels({ data, made }: Places): Promise<void> {
  for (const name of await readdir(join(data, 'labels'))) {
    const [height, width] = name === 'oddsize' ? [47, 61] : name === 'tiny' ? [33, 17] : [32, 32];
    await write(join(made, 'labels', name, 'images/0.png'), noisePng(height!, width!, 100, 0));
    await cp(join(data, 'labels', name), join(made, 'labels', name, 'labels'), { recursive: true });
  }
  const header = (height: number, width: number) => {
    const png = Buffer.from(
      encode({ height: 1, width: 1, data: new Uint8Array(1), channels: 1, depth: 8 }),
    );
    png.writeUInt32BE(width, 16);
    png.writeUInt32BE(height, 20);
    return png;
  };
  for (const [name, label] of Object.entries({
    bomb: header(20_000, 30_000),
    lying: header(32, 32),
  })) {
    await write(join(made, 'labels', name, 'images/0.png'), noisePng(32, 32, 100, 0));
    await write(join(made, 'labels', name, 'labels/0.png'), label);
  }
}

/** Images of the sets of objects, in one folder: their sizes are those of data/detect/wide.json and of the others. */
async function makeObjects({ data, made }: Places): Promise<void> {
  for (let i = 0; i < 6; i++) {
    await write(join(made, `objects/${i}.png`), noisePng(32, 32, 100, i));
    await write(join(made, `objects-wide/${i}.png`), noisePng(20, 90, 100, i));
  }
  for (const name of ['exif6.jpg', 'exif3.jpg'])
    await write(join(made, 'objects-exif', name), await readFile(join(data, 'images', name)));
  const file = (height: number, width: number) => ({
    images: [{ id: 1, file_name: 'exif6.jpg', height, width }],
    categories: [{ id: 1, name: 'thing' }],
    annotations: [
      { id: 1, image_id: 1, category_id: 1, bbox: [5, 10, 20, 15], area: 300, iscrowd: 0 },
    ],
  });
  // The file has 40 rows of 60 pixels, to be turned by a quarter.
  await write(join(made, 'exif-shown.json'), JSON.stringify(file(60, 40)));
  await write(join(made, 'exif-stored.json'), JSON.stringify(file(40, 60)));
}

/** Dark and light images of 8 px to train on; `swapped` has them in each other's folders, `other` other ones. */
async function makeGrey({ made }: Places): Promise<void> {
  for (const [set, seed] of Object.entries({ grey: 0, swapped: 0, other: 100 }))
    for (const [part, each] of Object.entries({ train: 4, test: 2 }))
      for (const [k, label] of ['dark', 'light'].entries())
        for (let i = 0; i < each; i++) {
          const bright = (set === 'swapped') === (label === 'dark');
          const png = noisePng(
            8,
            8,
            bright ? 180 : 30,
            seed + 10 * Number(part === 'test') + 2 * i + k,
          );
          await write(join(made, set, part, label, `${i}.png`), png);
        }
}

/** Writes images in folders of all kinds. */
export async function makeFolders(places: Places): Promise<void> {
  await makeClassFolders(places);
  await makeLabels(places);
  await makeObjects(places);
  await makeGrey(places);
}
