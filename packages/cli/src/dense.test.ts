import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator } from '@kcr/core';
import { readLabelMap } from '@kcr/data';
import { recipes as bundled, parseRecipe, recipeModel } from '@kcr/pipeline';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasBrowser, kcr, openPage } from './testing.ts';

let root: string;
const at = (...parts: string[]) => join(root, ...parts);

const SIDE = 32;

/** A dark image with bright discs, and the number of the disc at each pixel. */
function discs(generator: Generator) {
  const ids = new Uint8Array(SIDE * SIDE);
  for (const id of [1, 2, 3]) {
    const [y, x] = [4 + generator.integer(24), 4 + generator.integer(24)];
    for (let i = 0; i < ids.length; i++) {
      const [dy, dx] = [Math.floor(i / SIDE) - y, (i % SIDE) - x];
      if (dy * dy + dx * dx < 16) ids[i] = id;
    }
  }
  const pixels = Uint8Array.from({ length: 3 * ids.length }, (_, i) =>
    ids[Math.floor(i / 3)] ? 200 + generator.integer(40) : generator.integer(40),
  );
  return { ids, pixels };
}

const training = { batchSize: 2, epochs: 1, optimizer: { lr: 1e-3 } };
const images = {
  train: { images: 'train/images', labels: 'train/labels' },
  test: { images: 'val/images', labels: 'val/labels' },
  framing: { scaleJitter: { scale: [0.8, 1.5] } },
  flip: { vertical: 0.5 },
  augment: ['photometricDistortion'],
};
const recipeOf = (head: object, data: object) => ({
  name: 'tiny',
  model: {
    name: 'swin_tiny_patch4_window7_224',
    config: { img_size: SIDE, window_size: 4, embed_dim: 8, depths: [1, 1], num_heads: [1, 2] },
    head,
  },
  data: { ...images, ...data },
  dense: training,
  search: {
    ...training,
    batchSize: 1,
    plugins: [{ use: '@kcr/masks#gumbelMasks', options: { dims: ['io'], budget: 0.99 } }],
  },
  retrain: {
    ...training,
    plugins: [{ use: '@kcr/nystrom#kcrNystrom', options: { eta: 0.01, rank: 2, landmarks: 4 } }],
  },
  complexity: { rank: 2, landmarks: 4 },
});

const recipes = {
  upernet: recipeOf(
    { name: 'upernet', config: { num_classes: 2, channels: 8, auxiliary_channels: 4 } },
    { kind: 'semantic', classes: ['ground', 'disc'], instanceIds: true },
  ),
  'mask-rcnn': recipeOf(
    {
      name: 'mask_rcnn',
      config: {
        num_classes: 1,
        out_channels: 8,
        fc_out_channels: 16,
        anchor_scale: 2,
        rcnn_num: 16,
        rpn_nms_pre: 40,
        rpn_max_per_img: 20,
        rpn_num: 32,
        score_thr: 0,
        max_per_img: 10,
      },
    },
    { kind: 'instances', className: 'disc' },
  ),
};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kcr-dense-'));
  const generator = new Generator(0);
  for (const split of ['train', 'val']) {
    for (const folder of ['images', 'labels'])
      await mkdir(at('data', split, folder), { recursive: true });
    for (let i = 0; i < 6; i++) {
      const { ids, pixels } = discs(generator);
      const raw = { height: SIDE, width: SIDE, channels: 3 as const };
      await sharp(pixels, { raw })
        .png()
        .toFile(at('data', split, 'images', `${i}.png`));
      const png = encode({ data: ids, height: SIDE, width: SIDE, channels: 1, depth: 8 });
      await writeFile(at('data', split, 'labels', `${i}.png`), png);
    }
  }
  for (const [name, recipe] of Object.entries(recipes))
    await writeFile(at(`${name}.json`), JSON.stringify(recipe));
});
afterAll(() => rm(root, { recursive: true }));

describe.each([
  ['upernet', ['meanIou', 'pixelAccuracy']],
  ['mask-rcnn', ['boxAP', 'boxAP50', 'maskAP', 'maskAP50']],
])('a run of %s', (name, metrics) => {
  const run = (...more: string[]) =>
    kcr('compress', at(`${name}.json`), '--data', at('data'), '--out', at(name), ...more);

  test('from images to the report', { timeout: 120_000 }, async () => {
    const { out, err, code } = await run('--json');
    expect(code, err).toBe(0);
    const summary = JSON.parse(out);
    expect(Object.keys(summary)).toEqual(['dense', 'compact']);
    for (const model of Object.values<Record<string, number>>(summary)) {
      expect(Object.keys(model).slice(0, metrics.length)).toEqual(metrics);
      for (const metric of metrics) expect(model[metric]).toBeGreaterThanOrEqual(0);
      expect(model.latencyMs).toBeGreaterThan(0);
    }
    expect(summary.compact.params).toBeLessThan(summary.dense.params);
  });

  test('kcr eval gives the same numbers', async () => {
    const summary = JSON.parse(await readFile(at(name, 'summary.json'), 'utf8'));
    const more = name === 'upernet' ? ['--instance-ids'] : ['--detections', at('found.json')];
    const { out, err } = await kcr(
      ...['eval', at(name, 'compact'), '--data', at('data', 'val'), '--json', ...more],
    );
    expect(err).toBe('');
    const result = JSON.parse(out);
    for (const metric of metrics) expect(result[metric]).toBeCloseTo(summary.compact[metric], 9);
    if (name === 'mask-rcnn')
      expect(JSON.parse(await readFile(at('found.json'), 'utf8')).length).toBeGreaterThan(0);
  });

  test('kcr predict draws images of any size and says what it found', async () => {
    const wide = at('wide.jpg');
    await sharp(at('data', 'val', 'images', '0.png'))
      .resize(90, 40, { fit: 'fill' })
      .toFile(wide);
    const out = at(`${name}-predictions`);
    const inputs = [at('data', 'val', 'images'), wide];
    const { code, err } = await kcr(
      ...['predict', ...inputs, '--model', at(name, 'dense'), '--out', out],
    );
    expect(code, err).toBe(0);
    const { classes, images: found } = JSON.parse(
      await readFile(join(out, 'predictions.json'), 'utf8'),
    );
    expect(classes).toEqual(name === 'upernet' ? ['ground', 'disc'] : ['disc']);
    expect(found.length).toBe(7);
    const last = found.at(-1);
    expect([last.width, last.height]).toEqual([90, 40]);
    const { width, height } = await sharp(last.drawing).metadata();
    expect([width, Math.sign(height - 284)]).toEqual([640, name === 'upernet' ? 1 : 0]);
    if (name === 'upernet') {
      const { data } = await readLabelMap(join(out, 'wide.labels.png'));
      expect(data.length).toBe(90 * 40);
      const shares = Object.values<number>(last.shares);
      expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 9);
    } else
      for (const { bbox, segmentation } of last.objects) {
        expect(bbox[0] + bbox[2]).toBeLessThanOrEqual(90);
        expect(segmentation.size).toEqual([40, 90]);
      }
  });

  test.skipIf(!hasBrowser)('its gallery shows in a browser', { timeout: 60_000 }, async () => {
    const { page, problems, close } = await openPage(at(name, 'report.html'));
    const pictures = page.locator('.pictures img');
    // The images, what is in them, and what each of two models finds.
    expect(await pictures.count()).toBe(4);
    for (const picture of await pictures.all()) {
      const width = await picture.evaluate((img) => (img as { naturalWidth: number }).naturalWidth);
      expect(width).toBe(4 * 256);
    }
    const text = await page.locator('body').innerText();
    for (const title of ['truth', 'found: dense', 'found: compact', 'Training loss'])
      expect(text).toContain(title);
    expect(await page.locator('.class').allInnerTexts()).toEqual(
      name === 'upernet' ? ['ground', 'disc'] : [],
    );
    expect(problems).toEqual([]);
    await close();
  });
});

test('a compact model stands on the backbone of a checkpoint', { timeout: 60_000 }, async () => {
  const classifier = {
    ...recipes.upernet,
    model: { ...recipes.upernet.model, head: undefined },
    data: {},
    dense: undefined,
    retrain: training,
  };
  for (const [i, label] of ['a', 'b'].entries())
    for (const part of ['train', 'test']) {
      await mkdir(at('classes', part, label), { recursive: true });
      for (const n of [0, 1, 2]) {
        const image = sharp(at('data', 'train', 'images', `${3 * i + n}.png`));
        await image.toFile(at('classes', part, label, `${n}.png`));
      }
    }
  classifier.model.config = { ...classifier.model.config, num_classes: 2 } as never;
  await writeFile(at('classifier.json'), JSON.stringify(classifier));
  const first = await kcr(
    ...['compress', at('classifier.json'), '--data', at('classes'), '--out', at('classifier')],
  );
  expect(first.code, first.err).toBe(0);
  const dense = { ...recipes.upernet, dense: undefined, search: undefined };
  await writeFile(at('on-backbone.json'), JSON.stringify(dense));
  const { code, err } = await kcr(
    ...['compress', at('on-backbone.json'), '--data', at('data'), '--out', at('on-backbone')],
    ...['--backbone', at('classifier', 'compact')],
  );
  expect(code, err).toBe(0);
  const keptOf = async (run: string) =>
    JSON.parse(await readFile(at(run, 'compact', 'model.json'), 'utf8')).kept;
  const own = await keptOf('classifier');
  expect(Object.keys(own).length).toBeGreaterThan(0);
  expect(await keptOf('on-backbone')).toEqual(
    Object.fromEntries(Object.entries(own).map(([key, value]) => [`backbone.${key}`, value])),
  );
});

test.each(Object.entries(bundled).filter(([, { model }]) => model.head))(
  'the model of %s can be built, for its data',
  async (name, input) => {
    const recipe = await parseRecipe(input, name);
    const { model } = await recipeModel(recipe);
    const classes: Record<string, number> = { coco: 80, instances: 1 };
    const { data } = input;
    const expected = data.kind === 'semantic' ? data.classes.length : classes[data.kind!];
    expect(model.classes).toBe(expected);
    expect(model.featureMaps.length).toBeGreaterThan(1);
  },
);

describe('what cannot be is refused before anything is written', () => {
  test.each([
    ['no such image', 'PREDICT_INPUT', () => [at('none.png')]],
    ['a file that is no image', 'IMAGE_READ', () => [at('upernet.json')]],
  ])('predict: %s', async (_, expected, inputs) => {
    const out = at('refused');
    const { code, err } = await kcr(
      ...['predict', ...inputs(), '--model', at('upernet', 'dense'), '--out', out],
    );
    expect([code, err]).toEqual([1, expect.stringContaining(expected)]);
    await expect(stat(join(out, 'predictions.json'))).rejects.toThrow();
  });

  test('predict: drawings in the place of the images', async () => {
    const folder = at('data', 'val', 'images');
    const before = await readFile(join(folder, '0.png'));
    const { code, err } = await kcr(
      ...['predict', folder, '--model', at('upernet', 'dense'), '--out', folder],
    );
    expect([code, err]).toEqual([1, expect.stringContaining('OUT_OVERWRITES')]);
    expect(await readFile(join(folder, '0.png'))).toEqual(before);
  });

  test('prune: a dense model, whose images have no class of their own', async () => {
    const { code, err } = await kcr(
      ...['prune', at('upernet', 'dense'), '--data', at('data', 'train'), '--budget', '0.5'],
      ...['--out', at('pruned')],
    );
    expect([code, err]).toEqual([1, expect.stringContaining('TASK_CLASSES')]);
    await expect(stat(at('pruned'))).rejects.toThrow();
  });

  test.each([
    ['classes for a head', { ...recipes.upernet, data: {} }, 'DATA_TASK'],
    [
      'a head of another name',
      { ...recipes.upernet, model: { ...recipes.upernet.model, head: { name: 'unet' } } },
      'HEAD_UNKNOWN',
    ],
  ])('compress: %s', async (_, recipe, expected) => {
    await writeFile(at('wrong.json'), JSON.stringify(recipe));
    const { code, err } = await kcr(
      ...['compress', at('wrong.json'), '--data', at('data'), '--out', at('wrong')],
    );
    expect([code, err]).toEqual([1, expect.stringContaining(expected)]);
  });
});
