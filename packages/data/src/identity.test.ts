import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { cocoInstances } from './coco-instances.ts';
import { horizontalFlip } from './flips.ts';
import { imageDataset } from './image-dataset.ts';
import { imageFolder } from './image-folder.ts';
import { instanceDataset } from './instance-dataset.ts';
import { instanceFolder } from './instance-folder.ts';
import { pixelSource } from './pixel-source.ts';
import { scaleJitter } from './scale-jitter.ts';
import { semanticDataset } from './semantic-dataset.ts';
import { semanticFolder } from './semantic-folder.ts';
import { temporaryFolder } from './testing.ts';

const at = temporaryFolder();
const normalization = { mean: [0], std: [1] };
const canvas = { height: 4, width: 4 };

/** Writes a grey image of 4 px. */
async function write(path: string, grey: number): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  const raw = { height: 4, width: 4, channels: 1 as const };
  await sharp(new Uint8Array(16).fill(grey), { raw }).toColourspace('b-w').png().toFile(path);
}

/** Folders whose images and label maps are of so much grey. */
async function folders(name: string, image = 1, map = 1): Promise<string> {
  await write(at(name, 'images', 'a.png'), image);
  await write(at(name, 'labels', 'a.png'), map);
  return at(name);
}

/** The parts of two identities that differ. */
async function differing(
  a: { identity?(): Promise<object> },
  b: { identity?(): Promise<object> },
): Promise<string[]> {
  const [one, two] = [await a.identity!(), await b.identity!()] as Record<string, unknown>[];
  const keys = new Set([...Object.keys(one!), ...Object.keys(two!)]);
  return [...keys].filter((key) => JSON.stringify(one![key]) !== JSON.stringify(two![key]));
}

describe('images in memory', () => {
  const source = (pixel = 1) =>
    pixelSource(Uint8Array.of(pixel, 2), [1, 1, 1], Int32Array.of(0, 1));
  const data = (options = {}, pixel = 1) =>
    imageDataset(source(pixel), { normalization, ...options });

  test.each<[string, string[], object, number?]>([
    ['the same', [], {}],
    ['other pixels', ['pixels'], {}, 3],
    ['another augmentation', ['augment'], { augment: [horizontalFlip()] }],
    ['another mix', ['mix'], { mix: { mixup: 0.2 } }],
  ])('%s', async (_, parts, options, pixel) => {
    expect(await differing(data(), data(options, pixel))).toEqual(parts);
  });

  test('an augmentation of another strength is another', async () => {
    const [a, b] = [0.1, 0.2].map((p) => data({ augment: [horizontalFlip(p)] }));
    expect(await differing(a!, b!)).toEqual(['augment']);
  });
});

test('class folders: file names and bytes, and how they are cropped at random', async () => {
  const folder = async (name: string, grey: number, resizedCrop?: object) => {
    await write(at(name, 'a', '0.png'), grey);
    return imageFolder(at(name), { size: 4, resizedCrop });
  };
  const first = await folder('classes 1', 7);
  expect(await differing(first, await folder('classes 2', 7))).toEqual([]);
  expect(await differing(first, await folder('classes 3', 8))).toEqual(['files']);
  expect(await differing(first, await folder('classes 2', 7, {}))).toEqual(['resizedCrop']);
  await rename(at('classes 2', 'a', '0.png'), at('classes 2', 'a', '1.png'));
  const renamed = await imageFolder(at('classes 2'), { size: 4 });
  expect(await differing(first, renamed)).toEqual(['files']);
});

test('paired folders: images, label maps, what labels mean, and how images are framed', async () => {
  const options = { classes: ['a', 'b'] };
  const [same, image, map] = await Promise.all([
    folders('pairs 2'),
    folders('pairs 3', 2),
    folders('pairs 4', 1, 0),
  ]);
  const root = await folders('pairs 1');
  const first = await semanticFolder(root, options);
  expect(await differing(first, await semanticFolder(same, options))).toEqual([]);
  expect(await differing(first, await semanticFolder(image, options))).toEqual(['files']);
  expect(await differing(first, await semanticFolder(map, options))).toEqual(['maps']);
  const zero = await semanticFolder(root, { ...options, reduceZeroLabel: true });
  expect(await differing(first, zero)).toEqual(['reduceZeroLabel']);
  const [a, b] = [{}, { framing: scaleJitter({ scale: [1, 2] }), maxClassShare: 0.5 }].map((more) =>
    semanticDataset(first, { normalization, canvas, ...more }),
  );
  expect(await differing(a!, b!)).toEqual(['framing', 'maxClassShare']);
  expect(await differing(await instanceFolder(root), await instanceFolder(map))).toEqual(['maps']);
});

test('COCO: annotations, images, and which masks are read', async () => {
  const write2 = async (name: string, grey: number, width: number) => {
    await write(at(name, 'x.png'), grey);
    const annotation = { id: 1, image_id: 1, category_id: 1, bbox: [0, 0, width, 2], area: 4 };
    const truth = {
      images: [{ id: 1, height: 4, width: 4, file_name: 'x.png' }],
      annotations: [{ ...annotation, iscrowd: 0 }],
      categories: [{ id: 1, name: 'a' }],
    };
    await writeFile(at(name, 'truth.json'), JSON.stringify(truth));
    const source = await cocoInstances(at(name, 'truth.json'), at(name));
    return instanceDataset(source, { normalization, canvas });
  };
  const first = await write2('coco 1', 1, 2);
  expect(await differing(first, await write2('coco 2', 1, 2))).toEqual([]);
  expect(await differing(first, await write2('coco 3', 2, 2))).toEqual(['files']);
  expect(await differing(first, await write2('coco 4', 1, 3))).toEqual(['annotations']);
  const { identity: _, ...silent } = first.source;
  const [a, b] = [silent, { ...silent, instances: () => [] }].map((source) =>
    instanceDataset(source, { normalization, canvas }),
  );
  expect(await differing(a!, b!)).toEqual(['objects']);
});
