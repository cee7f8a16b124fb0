import { mkdir, writeFile } from 'node:fs/promises';
import {
  adapt,
  type CompiledStep,
  CROP_MODES,
  compileInference,
  decodeSafetensors,
  float32,
  Generator,
  type Preprocessing,
  plainPreprocessing,
} from '@kcr/core';
import { evit } from '@kcr/criteria';
import { readInput } from '@kcr/data';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import {
  eagerEngine,
  temporaryFolder,
  tinyImages,
  tinyModel,
  writeClassFolders,
  writeGrey,
} from '../testing/tiny.ts';
import { classificationKit as kit } from './classification.ts';

const model = await tinyModel();
const info = { classes: ['dark', 'light'], input: plainPreprocessing([8, 8, 3]) };
const loaded = { model, weights: model.initialize(new Generator(0)), info };

/** A step that gives logits, and keeps what it was asked. */
function answering(logits: readonly number[]): { step: CompiledStep; asked: number[][] } {
  const asked: number[][] = [];
  const run = async ({ image }: Parameters<CompiledStep>[0] = {}) => {
    asked.push(Array.from(image!.data.slice(0, 3)));
    return { logits: float32([1, logits.length], logits) };
  };
  const dispose = async () => {};
  return { asked, step: Object.assign(run, { dispose, [Symbol.asyncDispose]: dispose }) };
}

describe('data for evaluation', () => {
  const read = (root: string, more = {}) =>
    kit.evaluationData(loaded, { data: root, ...more }, () => {});

  test("are read as the checkpoint's input, with its classes", async () => {
    await using folder = await temporaryFolder();
    await writeClassFolders(folder.root);
    const data = await read(folder.root);
    expect([data.length, data.shape, data.classes]).toEqual([4, [8, 8, 3], info.classes]);
    expect(data.labels).toEqual(Int32Array.of(0, 0, 1, 1));
    expect((await data.batch(Int32Array.of(0))).image.data[0]).toBeCloseTo(30 / 255, 6);
    expect(data.input!.crop_pct).toBe(1);
    expect((await read(folder.root, { cropRatio: 0.5 })).input!.crop_pct).toBe(0.5);
  });

  test('leave out images that cannot be read, and say so, where that is asked for', async () => {
    await using folder = await temporaryFolder();
    await writeClassFolders(folder.root);
    await writeFile(folder.at('dark', 'damaged.png'), 'no image');
    const events: unknown[] = [];
    const request = { data: folder.root, invalid: 'skip' as const };
    const data = await kit.evaluationData(loaded, request, (event) => events.push(event));
    expect(data.labels).toEqual(Int32Array.of(0, 0, 1, 1));
    const entries = { IMAGE_READ: 1 };
    expect(events).toEqual([{ type: 'skipped', where: folder.root, entries }]);
  });

  test.each<[string, Partial<Preprocessing>]>([
    ...CROP_MODES.map((crop_mode): [string, Partial<Preprocessing>] => [crop_mode, { crop_mode }]),
    [
      'corner, by its sides',
      { crop_mode: 'corner', resize: { shortest_edge: 4, longest_edge: 6 } },
    ],
  ])('are the pictures that the checkpoint takes: %s', async (_name, way) => {
    await using folder = await temporaryFolder();
    await writeClassFolders(folder.root);
    const input: Preprocessing = {
      input_size: [3, 8, 8],
      interpolation: 'bilinear',
      crop_pct: 0.9,
      crop_mode: 'center',
      mean: [0.1, 0.2, 0.3],
      std: [0.4, 0.5, 0.6],
      ...way,
    };
    const given = { ...loaded, info: { ...info, input } };
    const wide = folder.at('dark', '0 wide.png');
    const pixels = Uint8Array.from({ length: 12 * 5 * 3 }, (_, i) => (7 * i) % 256);
    await sharp(pixels, { raw: { width: 12, height: 5, channels: 3 } }).toFile(wide);
    const data = await kit.evaluationData(given, { data: folder.root }, () => {});
    expect(data.input).toEqual(input);
    const shown = Array.from((await readInput(wide, input)).data, (value, i) => {
      const channel = i % 3;
      return (value / 255 - input.mean[channel]!) / input.std[channel]!;
    });
    const { image } = await data.batch(Int32Array.of(0));
    shown.forEach((value, i) => {
      expect(image.data[i]).toBeCloseTo(value, 5);
    });
  });

  test.each<[string, string[], number[]]>([
    ['in its order', ['dark', 'light'], [0, 0, 1, 1]],
    ['in another order', ['light', 'grey', 'dark'], [2, 2, 0, 0]],
    ['that it does not name', ['0', '1'], [0, 0, 1, 1]],
  ])("have the labels of the model's classes %s", async (_, classes, labels) => {
    await using folder = await temporaryFolder();
    await writeClassFolders(folder.root);
    const model = await tinyModel({ num_classes: classes.length });
    const given = { ...loaded, model, info: { ...info, classes } };
    const data = await kit.evaluationData(given, { data: folder.root }, () => {});
    expect(data.labels).toEqual(Int32Array.from(labels));
  });

  test('take no options of other tasks, and no classes that the model has not', async () => {
    await using folder = await temporaryFolder();
    await writeClassFolders(folder.root);
    await expect(read(folder.root, { flip: true })).rejects.toMatchObject({ code: 'OPTION' });
    await mkdir(folder.at('grey'));
    await writeGrey(folder.at('grey', '0.png'), 100);
    await expect(read(folder.root)).rejects.toMatchObject({ code: 'FOLDER_CLASSES' });
  });
});

describe('a prediction', () => {
  test('has at most five classes, best first, with softmax probabilities', async () => {
    const { step, asked } = answering([0, Math.log(2), Math.log(4), 0, Math.log(8), 0]);
    const image = {
      path: 'a.png',
      pixels: { data: new Uint8Array(3).fill(51), shape: [1, 1, 3] as const },
    };
    const given = { ...info, input: { ...info.input, mean: [0.1], std: [0.5] } };
    const found = await kit.predict({ step, info: given }, image, {});
    // (0.2 - 0.1) / 0.5, at the size and with the normalisation that the checkpoint says.
    expect(asked).toHaveLength(1);
    for (const value of asked[0]!) expect(value).toBeCloseTo(0.2, 6);
    // The exponentials are 1, 2, 4, 1, 8 and 1, which sum to 17.
    expect(found.map(({ label }) => label)).toEqual([4, 2, 1, 0, 3]);
    [8, 4, 2, 1, 1].forEach((x, i) => {
      expect(found[i]!.probability).toBeCloseTo(x / 17, 6);
    });
  });

  test('of large logits does not overflow', async () => {
    await using folder = await temporaryFolder();
    await writeGrey(folder.at('a.png'), 51);
    const { step } = answering([1000, 0]);
    const image = {
      path: folder.at('a.png'),
      pixels: { data: new Uint8Array(3), shape: [1, 1, 3] as const },
    };
    const found = await kit.predict({ step, info }, image, {});
    expect(found).toEqual([
      { label: 0, probability: 1 },
      { label: 1, probability: 0 },
    ]);
  });

  test('names classes as JSON, and leaves the drawing as the image is', async () => {
    const pixels = { data: Uint8Array.of(10, 20, 30), shape: [1, 1, 3] as const };
    const image = { path: 'a.png', pixels };
    const prediction = [{ label: 1, probability: 0.75 }];
    expect(kit.describe(prediction, image, 1, ['dark', 'light'])).toEqual({
      top: [{ class: 'light', probability: 0.75 }],
    });
    const drawn = await kit.draw(pixels, prediction, ['dark', 'light'], { size: 2 });
    const { data } = await sharp(drawn).raw().toBuffer({ resolveWithObject: true });
    expect([...data]).toEqual([10, 20, 30, 10, 20, 30, 10, 20, 30, 10, 20, 30]);
    expect(kit.legend(prediction, [])).toEqual([]);
    expect(kit.files(prediction)).toEqual({});
  });
});

test('logits are stored in the order of the images', async () => {
  await using engine = await eagerEngine();
  engine.set(loaded.weights);
  await using inference = compileInference(engine, model);
  const data = tinyImages(3);
  const bytes = (await kit.artifacts.logits!.content(inference, data, 2)) as Uint8Array;
  const { logits } = decodeSafetensors(bytes, 'logits').tensors;
  expect(logits!.shape).toEqual([3, 2]);
  const { image } = await data.batch(Int32Array.of(2));
  const own = (await inference({ image })).logits!.data;
  for (const c of [0, 1]) expect(logits!.data[4 + c]).toBeCloseTo(own[c]!, 5);
});

describe('the gallery', () => {
  test('shows the first image of each of up to six classes, from all over the list', async () => {
    const { gallery } = kit;
    expect(gallery.captions(tinyImages(4))).toEqual(['dark', 'light']);
    const classes = Array.from({ length: 12 }, (_, i) => `class ${i}`);
    const many = {
      ...tinyImages(12),
      classes,
      labels: Int32Array.from({ length: 12 }, (_, i) => 11 - i),
    };
    const shown = [0, 2, 4, 6, 8, 10].map((i) => `class ${i}`);
    expect(gallery.captions(many)).toEqual(shown);
    // A class without images is left out.
    const none = { ...many, labels: many.labels.map((label) => (label === 4 ? 5 : label)) };
    expect(gallery.captions(none)).toEqual(shown.filter((name) => name !== 'class 4'));
    expect(gallery.legend(many)).toEqual([]);
  });

  test('has a row of the images themselves', async () => {
    const [row] = await kit.gallery.rows(tinyImages(2));
    expect(row).toMatchObject({ title: 'image', name: 'images' });
    const { data, info: size } = await sharp(row!.png).raw().toBuffer({ resolveWithObject: true });
    expect([size.height, size.width]).toEqual([kit.gallery.tile, 2 * kit.gallery.tile]);
    // Brightness 0.2 on the left, 0.72 on the right.
    expect([data[0], data.at(-size.channels)]).toEqual([51, Math.round(0.72 * 255)]);
  });

  test('shows of a model what its layers have: tokens, Grad-CAM, attention and its entropy', async () => {
    const look = async (own: typeof model) => {
      await using engine = await eagerEngine();
      const weights = own.initialize(new Generator(0));
      engine.set(weights);
      return await kit.gallery.look({ ...loaded, model: own, weights }, tinyImages(4), engine, 'x');
    };
    const plain = await look(model);
    const attention = ['attention', 'attention-query-1', 'attention-query-2', 'affinity'];
    expect(plain.rows.map(({ name }) => name)).toEqual(['grad-cam', ...attention]);
    const [entropy, rank] = plain.charts;
    // Five tokens of two heads with four channels.
    const [ranks] = rank!.lines;
    expect(ranks!.name).toBe('x, blocks.0.attn');
    expect(ranks!.points).toEqual([
      [1, 4],
      [2, 4],
    ]);
    expect(entropy!.lines).toHaveLength(2);
    for (const { name, points } of entropy!.lines) {
      expect(name).toMatch(/^head [12]: \d\.\d\d$/);
      expect(points.reduce((sum, [, share]) => sum + share, 0)).toBeCloseTo(1, 6);
      // Five tokens: at most ln 5.
      expect(points.at(-1)![0]).toBeCloseTo(Math.log(5), 6);
    }
    const fewer = await look(adapt(model, [evit({ keepRatio: 0.5, blocks: [0] })]));
    expect(fewer.rows.map(({ name }) => name)).toEqual(['tokens', 'grad-cam', ...attention]);
    expect(fewer.rows[0]!.title).toBe('tokens that are left: x');
    // Of five layers the first, the middle and the last.
    const deep = await look(await tinyModel({ depth: 5 }));
    expect(deep.charts.slice(0, -1).map(({ title }) => title.split(', ').at(-1))).toEqual(
      [0, 2, 4].map((i) => `blocks.${i}.attn`),
    );
    expect(deep.charts.at(-1)!.lines).toHaveLength(3);
  });
});
