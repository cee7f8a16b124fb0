import { rm } from 'node:fs/promises';
import { type CompiledStep, float32, Generator, plainPreprocessing } from '@kcr/core';
import { upernet, withHead } from '@kcr/detect';
import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import type { PipelineEvent } from '../events.ts';
import { findModel } from '../find-model.ts';
import { temporaryFolder, tinySwin, writeLabelledFolders } from '../testing/tiny.ts';
import { semanticSegmentationKit as kit } from './semantic-segmentation.ts';

const swin = await findModel(tinySwin.name, tinySwin.config);
const model = withHead(upernet, swin, { num_classes: 2, channels: 4, auxiliary_channels: 4 });
const info = { classes: ['ground', 'tree'], input: plainPreprocessing([32, 32, 3]) };
const loaded = { model, weights: model.initialize(new Generator(0)), info };

const pixels = { data: new Uint8Array(2 * 4 * 3), shape: [2, 4, 3] as const };
const image = { path: 'a.png', pixels };
/** 2 x 4 pixels: three trees, four of ground, one that does not count. */
const map = { data: Uint8Array.of(1, 1, 0, 0, 1, 0, 0, 255), height: 2, width: 4 };
const halves = Array.from({ length: 4 }, () => [0, 0, 1, 2]);

describe('data for evaluation', () => {
  const read = (root: string, more = {}, on = (_: PipelineEvent) => {}) =>
    kit.evaluationData(loaded, { data: root, ...more }, on);
  const firstRow = async (data: Awaited<ReturnType<typeof read>>) =>
    Array.from((await data.source.classMap(0)).data.slice(0, 4));

  test("have the checkpoint's classes and canvas, and the views that are asked for", async () => {
    await using folder = await temporaryFolder();
    await writeLabelledFolders(folder.root, { a: halves });
    const data = await read(folder.root, { instanceIds: true, scales: [0.5, 1], flip: true });
    expect([data.classes, data.shape]).toEqual([info.classes, [32, 32, 3]]);
    expect(data.testing).toEqual({ scales: [0.5, 1], flip: true });
    expect(await firstRow(data)).toEqual([0, 0, 1, 1]);
    expect(await firstRow(await read(folder.root, { reduceZeroLabel: true }))).toEqual([
      255, 255, 0, 1,
    ]);
  });

  test('tell what is left out, and take no options of other tasks', async () => {
    await using folder = await temporaryFolder();
    await writeLabelledFolders(folder.root, { a: halves, b: halves });
    await rm(folder.at('labels', 'b.png'));
    await expect(read(folder.root)).rejects.toMatchObject({ code: 'LABEL_MAP_MISSING' });
    const events: PipelineEvent[] = [];
    const data = await read(folder.root, { invalid: 'skip' }, (event) => events.push(event));
    expect(data.length).toBe(1);
    const entries = { LABEL_MAP_MISSING: 1 };
    expect(events).toEqual([{ type: 'skipped', where: folder.root, entries }]);
    await expect(read(folder.root, { cropRatio: 1 })).rejects.toMatchObject({ code: 'OPTION' });
  });
});

test('a prediction is a map at the size of the image', async () => {
  // Whatever it is shown, the right half of the canvas is of class 1.
  const data = Array.from({ length: 32 * 32 }, (_, i) => (i % 32 < 16 ? [1, 0] : [0, 1])).flat();
  const run = async () => ({ logits: float32([1, 32, 32, 2], data) });
  const dispose = async () => {};
  const step: CompiledStep = Object.assign(run, { dispose, [Symbol.asyncDispose]: dispose });
  const found = await kit.predict({ step, info }, image, {});
  expect(found).toEqual({ data: Uint8Array.of(0, 0, 1, 1, 0, 0, 1, 1), height: 2, width: 4 });
});

test('a prediction says the share of the image of each class that it has', () => {
  expect(kit.describe(map, image, 1, ['ground', 'tree', 'sky'])).toEqual({
    shares: { ground: 0.5, tree: 0.375 },
  });
});

test('its legend has the classes that are there, with their places in the list', () => {
  const only = { ...map, data: new Uint8Array(8).fill(1) };
  expect(kit.legend(only, ['ground', 'tree'])).toEqual([{ index: 1, name: 'tree' }]);
  expect(kit.legend(map, ['ground', 'tree']).map(({ name }) => name)).toEqual(['ground', 'tree']);
});

test('the map itself is written beside the drawing', () => {
  const { '.labels.png': png } = kit.files(map);
  const { data, width, height, channels, depth } = decode(png!);
  expect([width, height, channels, depth]).toEqual([4, 2, 1, 8]);
  expect([...data]).toEqual([...map.data]);
});

test('the gallery names images and shows what is in them', async () => {
  await using folder = await temporaryFolder();
  await writeLabelledFolders(folder.root, { a: halves, b: halves });
  const data = await kit.evaluationData(loaded, { data: folder.root, instanceIds: true }, () => {});
  expect(kit.gallery.captions(data)).toEqual(['a', 'b']);
  expect((await kit.gallery.rows(data)).map(({ name }) => name)).toEqual(['images', 'truth']);
});
