import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { env, pipeline } from '@huggingface/transformers';
import { Generator, type Preprocessing, plainPreprocessing, saveModel } from '@kcr/core';
import { readLabelMap } from '@kcr/data';
import { heads, withHead } from '@kcr/detect';
import { findModel, predict } from '@kcr/pipeline';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { kcr, temporaryFolder, tinyCheckpoint, writeClassFolders } from '../testing.ts';

env.allowRemoteModels = false;

type Folder = Awaited<ReturnType<typeof temporaryFolder>>;

/** A checkpoint of images of 8 x 8 with what is said of its input. */
async function checkpoint(folder: Folder, change: Partial<Preprocessing>): Promise<string> {
  const { model, info } = await tinyCheckpoint(folder.at('model'));
  const weights = model.initialize(new Generator(1));
  for (const { data } of Object.values(weights)) for (const i of data.keys()) data[i]! *= 5;
  const input = { ...plainPreprocessing(model.inputShape), ...change };
  await saveModel(folder.at('model'), model, weights, { ...info, input });
  return folder.at('model');
}

/** Pixels of a height and width that differ, as a PNG. */
async function picture(
  folder: Folder,
  height: number,
  width: number,
  pixel = (i: number) => (i * 37) % 256,
): Promise<string> {
  await mkdir(folder.at('images'), { recursive: true });
  const path = folder.at('images', `${height}.png`);
  const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => pixel(i));
  await sharp(pixels, { raw: { height, width, channels: 3 } }).toFile(path);
  return path;
}

// Of these sizes nothing is resized: transformers.js interpolates without low-pass filtering, unlike Pillow.
test.each<[string, Partial<Preprocessing>, [number, number]]>([
  ['the whole image', { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] }, [8, 8]],
  ['the centre', { crop_pct: 0.5, mean: [0.5] }, [16, 16]],
  ['the centre of a wide image', { crop_pct: 0.8, interpolation: 'bilinear' }, [10, 14]],
  ['the centre, squashed', { crop_pct: 0.5, crop_mode: 'squash' }, [16, 16]],
])('transformers.js says what kcr predict says: %s', async (_, change, [height, width]) => {
  await using folder = await temporaryFolder();
  const model = await checkpoint(folder, change);
  const image = await picture(folder, height, width);
  const out = folder.at('web');
  await kcr('export', model, '--out', out, '--for', 'transformers.js', '--precision', 'fp32');
  const classify = await pipeline('image-classification', out, { dtype: 'fp32' });
  const found = (await classify(image)) as { label: string; score: number }[];
  await classify.dispose();
  const { predictions } = await predict([image], { model, out: folder.at('drawn') });
  const { top } = predictions.images[0]! as unknown as {
    top: { class: string; probability: number }[];
  };
  expect(found.map(({ label }) => label)).toEqual(top.map((one) => one.class));
  found.forEach(({ score }, i) => expect(score).toBeCloseTo(top[i]!.probability, 5));
  expect(Math.abs(found[0]!.score - 0.5)).toBeGreaterThan(0.01);
});

test.each<[string, Partial<Preprocessing>]>([
  ['a border', { crop_mode: 'border' }],
  ['a corner', { crop_mode: 'corner' }],
])('EXPORT_FORM for an image with %s, and nothing is written', async (_, change) => {
  await using folder = await temporaryFolder();
  const model = await checkpoint(folder, change);
  const given = ['--out', folder.at('web'), '--for', 'transformers.js'];
  const { err, code } = await kcr('export', model, ...given);
  expect([err, code]).toEqual([expect.stringContaining('kcr: EXPORT_FORM\n'), 1]);
  expect(existsSync(folder.at('web', 'config.json'))).toBe(false);
});

/** A checkpoint that gives class maps of 32 x 32. */
async function mapCheckpoint(folder: Folder, change: Partial<Preprocessing> = {}): Promise<string> {
  const backbone = await findModel('swin_tiny_patch4_window7_224', {
    img_size: 32,
    window_size: 4,
    embed_dim: 8,
    depths: [1, 1],
    num_heads: [1, 2],
  });
  const head = { num_classes: 2, channels: 8, pool_scales: [1, 2], auxiliary_channels: 4 };
  const model = withHead(heads.upernet!, backbone, head);
  const weights = model.initialize(new Generator(2));
  const generator = new Generator(3);
  for (const { data, shape } of Object.values(weights))
    if (shape.length > 1)
      for (const i of data.keys())
        data[i] = generator.normal() / Math.sqrt(data.length / shape[0]!);
  const input = {
    ...plainPreprocessing(model.inputShape),
    crop_mode: 'corner',
    mean: [0.5, 0.4, 0.3],
    ...change,
  } as const;
  await saveModel(folder.at('model'), model, weights, { classes: ['ground', 'disc'], input });
  return folder.at('model');
}

test.each([
  ['of the input', 32, 32],
  ['of another size and shape', 48, 24],
])('class maps are those of kcr predict: images %s', async (_, height, width) => {
  await using folder = await temporaryFolder();
  const model = await mapCheckpoint(folder);
  const rising = (i: number) => Math.floor((255 * i) / (3 * height * width));
  const image = await picture(folder, height, width, rising);
  const out = folder.at('web');
  await kcr('export', model, '--out', out, '--for', 'transformers.js', '--precision', 'fp32');
  const segment = await pipeline('image-segmentation', out, { dtype: 'fp32' });
  const found = await segment(image);
  await segment.dispose();
  const labels = new Uint8Array(height * width);
  for (const { label, mask } of found) {
    expect([mask.height, mask.width]).toEqual([height, width]);
    for (const i of labels.keys()) if (mask.data[i]) labels[i] = label === 'disc' ? 1 : 0;
  }
  expect(found.map(({ label }) => label).sort()).toEqual(['disc', 'ground']);
  if (height !== width) return;
  await predict([image], { model, out: folder.at('drawn') });
  const [drawn] = (await readdir(folder.at('drawn'))).filter((name) =>
    name.endsWith('.labels.png'),
  );
  const expected = await readLabelMap(folder.at('drawn', drawn!));
  expect(Buffer.from(labels).equals(Buffer.from(expected.data))).toBe(true);
});

test.each<[string, Partial<Preprocessing>]>([
  ['a part of the image', { crop_pct: 0.9 }],
  ['small images', { resize: { shortest_edge: 16, longest_edge: 32 } }],
])('EXPORT_FORM for class maps of %s', async (_, change) => {
  await using folder = await temporaryFolder();
  const model = await mapCheckpoint(folder, change);
  const given = ['--out', folder.at('web'), '--for', 'transformers.js'];
  const { err, code } = await kcr('export', model, ...given);
  expect([err, code]).toEqual([expect.stringContaining('kcr: EXPORT_FORM\n'), 1]);
});

test('labels are there by number and by name', async () => {
  await using folder = await temporaryFolder();
  const model = await checkpoint(folder, {});
  await kcr('export', model, '--out', folder.at('web'), '--for', 'transformers.js');
  const config = JSON.parse(await readFile(folder.at('web', 'config.json'), 'utf8'));
  expect(config.id2label).toEqual({ 0: 'dark', 1: 'light' });
  expect(config.label2id).toEqual({ dark: 0, light: 1 });
});

test('one command writes the model in 32, 16 and 8 bits', async () => {
  await using folder = await temporaryFolder();
  const model = await checkpoint(folder, {});
  const image = await picture(folder, 8, 8);
  await writeClassFolders(folder.at('data'));
  const out = folder.at('web');
  const given = [model, '--out', out, '--for', 'transformers.js', '--check', folder.at('data')];
  const { out: text } = await kcr('export', ...given, '--json');
  const { files, check } = JSON.parse(text);
  const expected = { fp32: 'model', fp16: 'model_fp16', 'int8-dynamic': 'model_quantized' };
  expect(Object.keys(files)).toEqual(Object.keys(expected));
  for (const [precision, name] of Object.entries(expected)) {
    const { size } = await stat(folder.at('web', 'onnx', `${name}.onnx`));
    const file = folder.at('web', 'onnx', `${name}.onnx`);
    expect(files[precision]).toEqual({ file, bytes: size });
    expect(check[precision].loss).toBeCloseTo(check.checkpoint.loss, 1);
  }
  const scores: number[] = [];
  for (const dtype of ['fp32', 'fp16', 'q8'] as const) {
    const classify = await pipeline('image-classification', out, { dtype });
    const [first] = (await classify(image)) as { label: string; score: number }[];
    await classify.dispose();
    scores.push(first!.score);
  }
  for (const score of scores) expect(Math.abs(score - scores[0]!)).toBeLessThan(0.05);
  expect(new Set(scores).size).toBe(3);
});

test('with images to calibrate with, the 8 bits are int8; precisions may be named', async () => {
  await using folder = await temporaryFolder();
  const model = await checkpoint(folder, {});
  await writeClassFolders(folder.at('data'));
  const given = [model, '--out', folder.at('web'), '--for', 'transformers.js', '--json'];
  const calibrated = [...given, '--calibrate', folder.at('data')];
  const written = async (options: string[]) =>
    Object.keys(JSON.parse((await kcr('export', ...options)).out).files);
  expect(await written(calibrated)).toEqual(['fp32', 'fp16', 'int8']);
  expect(await written([...given, '--precision', 'fp16', 'int8-weights'])).toEqual([
    'fp16',
    'int8-weights',
  ]);
});

test.each([
  ['two precisions of one file', ['--for', 'transformers.js'], ['int8-dynamic', 'int8-weights']],
  ['two precisions without a folder', [], ['fp32', 'fp16']],
])('OPTION for %s, and nothing is written', async (_, form, precisions) => {
  await using folder = await temporaryFolder();
  const model = await checkpoint(folder, {});
  const out = folder.at('out.onnx');
  const { err, code } = await kcr(
    'export',
    model,
    '--out',
    out,
    ...form,
    '--precision',
    ...precisions,
  );
  expect([err, code]).toEqual([expect.stringContaining('kcr: OPTION\n'), 1]);
  expect(err).toContain('--precision');
  expect(existsSync(out)).toBe(false);
});
