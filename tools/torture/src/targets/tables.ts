import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Generator } from '@kcr/core';
import {
  csvImages,
  type ImageSource,
  idxImages,
  type LabelledImageOptions,
  labelledImages,
  writeShards,
} from '@kcr/data';
import { chance, mutateBytes } from '../mutate-bytes.ts';
import { type Reader, require } from '../target.ts';
import { drawn } from './images.ts';

/** Images of a size each, with a label that is a class. */
async function requireImages({ labels, classes, shape, pixels }: ImageSource): Promise<void> {
  const [height, width, channels] = shape;
  require(height > 0 && width > 0 && labels.length > 0, () => `${labels.length} of [${shape}]`);
  for (const [i, label] of labels.entries()) {
    require(label >= 0 && label < classes.length, () => `image ${i}: class ${label}`);
    const { data } = await pixels(i);
    require(data.length === height * width * channels, () => `image ${i}: ${data.length} values`);
  }
}

const rows = Array.from({ length: 6 }, (_, i) =>
  [...Array.from({ length: 64 }, (_, at) => (at * (i + 3)) % 17), i % 3].join(','),
);

/** `csvImages` */
const csv: Reader = {
  name: 'csv',
  ready: async (folder) => ({
    mutate: (generator) => {
      const lines = chance(generator, 0.3) ? [rows[0]!.replace(/\d+/g, '"p"'), ...rows] : rows;
      return { 'images.csv': mutateBytes(generator, Buffer.from(`${lines.join('\n')}\n`)) };
    },
    read: async () => requireImages(await csvImages(join(folder, 'images.csv'))),
  }),
};

function idxFile(...shape: number[]): Buffer {
  const size = shape.reduce((a, b) => a * b, 1);
  const file = Buffer.alloc(4 + 4 * shape.length + size);
  file.writeUInt32BE(0x800 + shape.length, 0);
  for (const [i, n] of shape.entries()) file.writeUInt32BE(n, 4 + 4 * i);
  for (let i = 0; i < size; i++) file[file.length - size + i] = i % 6;
  return file;
}

/** A file of numbers that is another in its header, in its data, or once it is compressed. */
function mutateIdx(generator: Generator, whole: Buffer): Buffer {
  const header = Array.from({ length: 16 }, (_, i) => i);
  const file = mutateBytes(generator, whole, header);
  if (chance(generator, 0.7)) return file;
  const zipped = gzipSync(chance(generator, 0.5) ? file : whole);
  return chance(generator, 0.5) ? mutateBytes(generator, zipped) : zipped;
}

/** `idxImages` */
const idx: Reader = {
  name: 'idx',
  async ready(folder) {
    const whole = { images: idxFile(6, 5, 4), labels: idxFile(6) };
    return {
      mutate(generator) {
        const which = generator.integer(3);
        return {
          images: which === 1 ? whole.images : mutateIdx(generator, whole.images),
          labels: which === 0 ? whole.labels : mutateIdx(generator, whole.labels),
        };
      },
      read: async () =>
        requireImages(await idxImages(join(folder, 'images'), join(folder, 'labels'))),
    };
  },
};

/** Class folders of two images. @returns the folder */
async function classFolders(folder: string): Promise<string> {
  const root = join(folder, 'folders');
  for (const [name, width] of [
    ['a', 5],
    ['b', 7],
  ] as const) {
    await mkdir(join(root, name), { recursive: true });
    await writeFile(join(root, name, 'x.png'), await drawn(width, 4, 3).png().toBuffer());
  }
  return root;
}

/** `labelledImages` of a file: what it lists has pixels, or is refused. */
const labelled = (
  name: string,
  file: string,
  make: (folder: string) => Promise<Buffer>,
): Reader => ({
  name,
  async ready(folder) {
    const whole = await make(folder);
    const headers = Array.from({ length: 512 }, (_, i) => i);
    return {
      mutate: (generator) => ({ [file]: mutateBytes(generator, whole, headers) }),
      async read(files) {
        // What was found in the file before this one.
        await rm(join(folder, `${file}.index`), { force: true });
        const invalid = files[file]!.length % 2 ? 'skip' : 'error';
        const options: LabelledImageOptions = { size: 4, invalid };
        await requireImages(await labelledImages(join(folder, file), options));
      },
    };
  },
});

const shards = labelled('tar', 'images.tar', async (folder) => {
  await rm(join(folder, 'shards'), { recursive: true, force: true });
  await writeShards(await classFolders(folder), join(folder, 'shards'));
  return readFile(join(folder, 'shards', '000000.tar'));
});

const list = labelled('csv-list', 'list.csv', async (folder) => {
  await classFolders(folder);
  return Buffer.from('path,label\nfolders/a/x.png,a\nfolders/b/x.png,b\n');
});

export const tables: readonly Reader[] = [csv, idx, shards, list];
