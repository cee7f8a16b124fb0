import { writeFile } from 'node:fs/promises';
import { type CompiledStep, float32, Generator, int32, plainPreprocessing } from '@kcr/core';
import { rleFromPolygon } from '@kcr/data';
import { maskRcnn, withHead } from '@kcr/detect';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { PipelineEvent } from '../events.ts';
import { findModel } from '../find-model.ts';
import { temporaryFolder, tinySwin, writeGrey, writeLabelledFolders } from '../testing/tiny.ts';
import { instanceDetectionKit as kit } from './instance-detection.ts';

const swin = await findModel(tinySwin.name, tinySwin.config);
const model = withHead(maskRcnn, swin, { num_classes: 1, out_channels: 8, fc_out_channels: 8 });
const info = { classes: ['cell'], input: plainPreprocessing([32, 32, 3]) };
const loaded = { model, weights: model.initialize(new Generator(0)), info };

const map = Array.from({ length: 8 }, () => Array<number>(8).fill(0));
for (const y of [1, 2]) for (const x of [2, 3, 4]) map[y]![x] = 5;

const truth = {
  images: [{ id: 7, height: 8, width: 8, file_name: 'images/a.png' }],
  categories: [{ id: 3, name: 'cell' }],
  annotations: [{ id: 1, image_id: 7, category_id: 3, bbox: [1, 2, 4, 4], area: 16, iscrowd: 0 }],
};

describe('data for evaluation', () => {
  const read = (data: string, more = {}, on = (_: PipelineEvent) => {}) =>
    kit.evaluationData(loaded, { data, ...more }, on);

  test("are numbered objects of the checkpoint's class, or those of a COCO file", async () => {
    await using folder = await temporaryFolder();
    await writeLabelledFolders(folder.root, { a: map });
    const numbered = await read(folder.root);
    expect([numbered.classes, numbered.shape]).toEqual([['cell'], [32, 32, 3]]);
    expect(numbered.source.instances(0).map(({ box }) => box)).toEqual([[2, 1, 5, 3]]);
    const annotations = folder.at('truth.json');
    await writeFile(annotations, JSON.stringify(truth));
    const coco = await read(folder.root, { annotations });
    expect(coco.source.instances(0).map(({ box }) => box)).toEqual([[1, 2, 5, 6]]);
  });

  test('tell what is left out; DATASET_CLASSES for other classes than the model has', async () => {
    await using folder = await temporaryFolder();
    await writeLabelledFolders(folder.root, { a: map, b: map });
    await writeGrey(folder.at('images', 'b.png'), 1, [8, 9]);
    const events: PipelineEvent[] = [];
    await read(folder.root, { invalid: 'skip' }, (event) => events.push(event));
    expect(events).toEqual([
      { type: 'skipped', where: folder.root, entries: { LABEL_MAP_SIZE: 1 } },
    ]);
    const annotations = folder.at('truth.json');
    const categories = [...truth.categories, { id: 4, name: 'debris' }];
    await writeFile(annotations, JSON.stringify({ ...truth, categories }));
    await expect(read(folder.root, { annotations })).rejects.toMatchObject({
      code: 'DATASET_CLASSES',
      where: annotations,
    });
    await expect(read(folder.root, { flip: true })).rejects.toMatchObject({ code: 'OPTION' });
  });
});

test.each<[string, string[], string[], string | undefined]>([
  ['the same', ['cell', 'debris'], ['cell', 'debris'], undefined],
  ['not named by the model', ['0', '1'], ['person', 'bicycle'], undefined],
  [
    'another order',
    ['cell', 'debris'],
    ['debris', 'cell'],
    'the categories debris, cell for a model of cell, debris',
  ],
  [
    'other names',
    ['cell', 'debris'],
    ['cell', 'dust'],
    'the categories cell, dust for a model of cell, debris',
  ],
  ['fewer', ['cell', 'debris'], ['cell'], '1 categories for a model of 2 classes'],
])('categories: %s', async (_, classes, names, found) => {
  await using folder = await temporaryFolder();
  await writeLabelledFolders(folder.root, { a: map });
  const annotations = folder.at('truth.json');
  const categories = names.map((name, i) => ({ id: 3 + i, name }));
  await writeFile(annotations, JSON.stringify({ ...truth, categories }));
  const own = { ...loaded, info: { ...info, classes } };
  const read = kit.evaluationData(own, { data: folder.root, annotations }, () => {});
  if (found === undefined) expect((await read).classes).toEqual(names);
  else await expect(read).rejects.toMatchObject({ code: 'DATASET_CLASSES', found });
});

const sure = { label: 0, score: 0.9, box: [0, 0, 2, 2] as const };
const unsure = { label: 0, score: 0.2, box: [2, 2, 4, 4] as const };
const pixels = { data: new Uint8Array(4 * 4 * 3), shape: [4, 4, 3] as const };

test('a prediction as JSON is in the format of COCO', () => {
  const mask = rleFromPolygon([0, 0, 2, 0, 2, 2, 0, 2], 4, 4);
  const said = kit.describe([{ ...sure, mask }], { path: 'a.png', pixels }, 5, ['cell']);
  expect(said).toEqual({
    objects: [
      {
        image_id: 5,
        category_id: 1,
        score: 0.9,
        bbox: [0, 0, 2, 2],
        segmentation: expect.objectContaining({ size: [4, 4] }),
      },
    ],
  });
});

test('objects at least as sure as the score are drawn, 0.3 by default', async () => {
  /** Whether anything is drawn in the quarter of an object. */
  const seen = async (score?: number) => {
    const png = await kit.draw(pixels, [sure, unsure], ['cell'], { size: 40, score });
    const { data, info: size } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
    const lit = (from: number) =>
      Array.from({ length: 400 }, (_, i) => {
        const [y, x] = [from + Math.floor(i / 20), from + (i % 20)];
        return data[(y * size.width + x) * size.channels]!;
      }).some((value) => value > 0);
    return [lit(0), lit(21)];
  };
  expect(await seen()).toEqual([true, false]);
  expect(await seen(0.1)).toEqual([true, true]);
  expect(await seen(0.95)).toEqual([false, false]);
});

test("a prediction is on the image's own scale", async () => {
  // An image of 8 px fills the canvas of 32: a box of 4 to 20 there is one of 1 to 5 here.
  const run = async () => ({
    boxes: float32([1, 1, 4], [4, 8, 20, 24]),
    scores: float32([1, 1], [0.9]),
    labels: int32([1, 1], [0]),
  });
  const dispose = async () => {};
  const step: CompiledStep = Object.assign(run, { dispose, [Symbol.asyncDispose]: dispose });
  const small = { data: new Uint8Array(8 * 8 * 3), shape: [8, 8, 3] as const };
  const found = await kit.predict({ step, info }, { path: 'a.png', pixels: small }, {});
  expect(found).toHaveLength(1);
  expect(found[0]!.score).toBeCloseTo(0.9, 6);
  [1, 2, 5, 6].forEach((x, i) => {
    expect(found[0]!.box[i]).toBeCloseTo(x, 5);
  });
});

test('the gallery names images by their files, and shows what is in them', async () => {
  await using folder = await temporaryFolder();
  await writeLabelledFolders(folder.root, { a: map });
  const annotations = folder.at('truth.json');
  await writeFile(annotations, JSON.stringify(truth));
  const request = { data: folder.root, annotations };
  const data = await kit.evaluationData(loaded, request, () => {});
  expect(kit.gallery.captions(data)).toEqual(['a.png']);
  const rows = await kit.gallery.rows(data);
  expect(rows.map(({ name }) => name)).toEqual(['images', 'truth']);
  const [plain, drawn] = await Promise.all(
    rows.map(({ png }) => sharp(png).removeAlpha().raw().toBuffer()),
  );
  // Grey everywhere, but where the frame of the box is.
  expect(new Set(plain)).toEqual(new Set([100]));
  expect(new Set(drawn).size).toBeGreaterThan(1);
});
