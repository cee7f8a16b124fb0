import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import {
  Generator,
  type Model,
  type Preprocessing,
  plainPreprocessing,
  prune,
  pruneState,
  type StateDict,
  saveModel,
} from '@kcr/core';
import { modelInput, normalised, readLabelMap, readSource } from '@kcr/data';
import { heads, withHead } from '@kcr/detect';
import { gradCam } from '@kcr/explain';
import { createOnnxEngine } from '@kcr/onnx';
import { colourOf, tinted } from '@kcr/page';
import { findModel, loadCheckpoint, predict } from '@kcr/pipeline';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import {
  hasBrowser,
  kcr,
  openPage,
  openServed,
  temporaryFolder,
  tinyCheckpoint,
  writeClassFolders,
} from '../testing.ts';

type Folder = Awaited<ReturnType<typeof temporaryFolder>>;

const NO_BROWSER = hasBrowser ? '' : ' (skipped: there is no /usr/bin/chromium)';

/** Drawn weights that are large enough for images to differ. */
function drawnWeights(model: Model): StateDict {
  const weights = model.initialize(new Generator(1));
  const generator = new Generator(2);
  for (const { shape, data, dtype } of Object.values(weights))
    if (dtype === 'float32' && shape.length > 1)
      data.set(data.map(() => generator.normal() / Math.sqrt(data.length / shape[0]!)));
  return weights;
}

/** A folder as a run leaves it: a dense model and one without some of its channels. */
async function writeRun(folder: Folder, dense: Model, change: Partial<Preprocessing> = {}) {
  const weights = drawnWeights(dense);
  const input = { ...plainPreprocessing(dense.inputShape), ...change };
  const info = {
    classes: ['dark', 'light', 'third', 'fourth'].slice(0, dense.classes),
    input,
  };
  const dim = [...dense.dims.values()].find(
    ({ prunable, name }) => prunable && name.includes('io'),
  )!;
  const kept = Array.from({ length: dim.size }, (_, i) => i).filter((i) => i % 4 !== 1);
  const compact = prune(dense, { [dim.name]: kept });
  await saveModel(folder.at('run/dense'), dense, weights, info);
  await saveModel(folder.at('run/compact'), compact, pruneState(dense, compact, weights), info);
  return input;
}

/** Waves of colour, which a resize blurs. */
async function writePhoto(path: string, height: number, width: number): Promise<string> {
  const data = Uint8Array.from({ length: 3 * height * width }, (_, i) => {
    const [at, c] = [Math.floor(i / 3), i % 3];
    const [y, x] = [Math.floor(at / width), at % width];
    return 128 + 90 * Math.sin(y / (3 + c)) * Math.cos(x / (5 - c)) + ((i * 37) % 31);
  });
  await sharp(data, { raw: { height, width, channels: 3 } })
    .jpeg({ quality: 90 })
    .toFile(path);
  return path;
}

const say = async (page: Page) => page.locator('#says').innerText();

/** Waits until an image is shown; a page shows its first one by itself. @param n how many were shown by then */
const shown = (page: Page, n: number) =>
  page.locator(`body[data-shown="${n}"]`).waitFor({ state: 'attached', timeout: 60_000 });

/** Drops a file onto the page as a person does. */
async function drop(page: Page, file: string, type: string): Promise<void> {
  const bytes = [...(await readFile(file))];
  const transfer = await page.evaluateHandle(
    ([bytes, type]) => {
      const scope = globalThis as unknown as {
        DataTransfer: new () => { items: { add(file: File): void } };
      };
      const transfer = new scope.DataTransfer();
      transfer.items.add(new File([Uint8Array.from(bytes)], 'dropped', { type }));
      return transfer;
    },
    [bytes, type] as const,
  );
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
}

/** The rows of each card: names and values. */
const rowsOf = (page: Page) =>
  Promise.all(
    [0, 1].map(async (i) => {
      const card = page.locator('.model').nth(i);
      const names = await card.locator('.row .name').allInnerTexts();
      const values = await card
        .locator('.row data')
        .evaluateAll((all) =>
          all.map((one) => Number((one as unknown as { value: string }).value)),
        );
      return names.map((name, n) => ({ name, value: values[n]! }));
    }),
  );

/** Red, green, blue and opacity of a card's picture. */
const pixelsOf = (page: Page, i: number): Promise<number[]> =>
  page
    .locator('.model canvas')
    .nth(i)
    .evaluate((canvas) => {
      const { width, height, getContext } = canvas as unknown as {
        width: number;
        height: number;
        getContext(kind: '2d'): { getImageData(...area: number[]): { data: Uint8ClampedArray } };
      };
      return [...getContext.call(canvas, '2d').getImageData(0, 0, width, height).data];
    });

interface Predicted {
  top: { class: string; probability: number }[];
  objects: { bbox: number[]; score: number; category_id: number }[];
  shares: Record<string, number>;
}

/** What `kcr predict` says of an image, with both models. */
const predicted = (folder: Folder, image: string) =>
  Promise.all(
    ['dense', 'compact'].map(async (name) => {
      const out = folder.at(`predicted-${name}`);
      const { predictions } = await predict([image], { model: folder.at('run', name), out });
      return predictions.images[0] as unknown as Predicted;
    }),
  );

const classifier = (config: object = {}) =>
  findModel('vit_tiny_patch16_224', {
    img_size: 16,
    patch_size: 4,
    embed_dim: 16,
    depth: 2,
    num_heads: 2,
    num_classes: 4,
    ...config,
  });
const swin = { img_size: 32, window_size: 4, embed_dim: 8, depths: [1, 1], num_heads: [1, 2] };

describe.skipIf(!hasBrowser)(`a page in a browser${NO_BROWSER}`, { timeout: 120_000 }, () => {
  test.each<[string, Partial<Preprocessing>]>([
    ['the centre', { crop_pct: 0.8, mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.25] }],
    ['a border, bilinear', { crop_mode: 'border', interpolation: 'bilinear' }],
  ])('classes and probabilities are those of kcr predict: %s', async (_, change) => {
    await using folder = await temporaryFolder();
    const input = await writeRun(folder, await classifier(), change);
    await writeClassFolders(folder.at('samples'));
    const photo = await writePhoto(folder.at('photo.jpg'), 61, 83);
    const args = ['--page', folder.at('web'), '--samples', folder.at('samples'), '--json'];
    const { out, err, code } = await kcr('export', folder.at('run'), ...args);
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({ models: ['dense', 'compact'], images: 4 });

    const { page, problems, close } = await openServed(folder.at('web'));
    await shown(page, 1);
    expect(await say(page)).toContain('The image is labelled dark.');
    const samples = [folder.at('samples/dark/0.png'), photo];
    for (const [n, image] of samples.entries()) {
      if (image === photo) {
        await drop(page, photo, 'image/jpeg');
        await shown(page, 2);
      }
      const expected = await predicted(folder, image);
      const found = await rowsOf(page);
      for (const [i, { top }] of expected.entries()) {
        expect(found[i]!.map(({ name }) => name)).toEqual(top.map((one) => one.class));
        for (const [k, { probability }] of top.entries())
          expect(Math.abs(found[i]![k]!.value - probability), `image ${n}`).toBeLessThan(1e-4);
      }
      // The compact model is another one.
      expect(Math.abs(found[0]![0]!.value - found[1]![0]!.value)).toBeGreaterThan(1e-3);
    }

    // Measured on this device, both in turn, with how.
    expect(await page.locator('[data-ms]').allInnerTexts()).toEqual([
      expect.stringMatching(/^[\d.]+ ms/),
      expect.stringMatching(/^[\d.]+ ms/),
    ]);
    expect(await page.locator('[data-speedup="1"]').innerText()).toMatch(/^[\d.]+× \[/);
    expect(await page.locator('#how').innerText()).toMatch(/WebAssembly, one thread: median/);

    // Without the map the picture is what the model is given, pixel by pixel.
    const explained = [await pixelsOf(page, 0), await pixelsOf(page, 1)];
    await page.locator('#maps').uncheck();
    const { data } = modelInput(await readSource(photo, input), input);
    const coloursOf = async (i: number) => (await pixelsOf(page, i)).filter((_, at) => at % 4 < 3);
    for (const i of [0, 1]) await expect.poll(() => coloursOf(i)).toEqual([...data]);
    // The maps show something where Grad-CAM does: in drawn models nothing may speak for a class.
    const plain = await pixelsOf(page, 0);
    for (const [i, name] of ['dense', 'compact'].entries()) {
      const { model, weights } = await loadCheckpoint(folder.at('run', name));
      await using engine = createOnnxEngine();
      engine.set(weights);
      const given = { data: Uint8Array.from(data), shape: model.inputShape };
      const map = await gradCam(engine, model, normalised([given], input));
      const differs = explained[i]!.some((x, at) => x !== plain[at]);
      expect(differs, name).toBe(map.data.some((x) => x > 0));
    }

    // Where it looks, of the class that is asked for.
    await page.locator('#maps').check();
    const row = page.locator('.model').nth(1).locator('button.row').nth(2);
    await row.focus();
    await page.keyboard.press('Enter');
    await expect.poll(() => row.getAttribute('aria-pressed')).toBe('true');
    expect(await page.locator('#explained').innerText()).toBe(
      await row.locator('.name').innerText(),
    );
    expect(problems).toEqual([]);
    await close();
  });

  test('a picture without opacity, and one that is turned, are read as kcr predict reads them', async () => {
    await using folder = await temporaryFolder();
    await writeRun(folder, await classifier());
    await kcr('export', folder.at('run'), '--page', folder.at('web'));
    const photo = await writePhoto(folder.at('photo.jpg'), 40, 40);
    const clear = folder.at('clear.png');
    await sharp(photo).ensureAlpha(0.2).png().toFile(clear);
    const turned = folder.at('turned.jpg');
    await sharp(photo).withMetadata({ orientation: 6, icc: 'p3' }).jpeg().toFile(turned);
    const { page, close } = await openServed(folder.at('web'));
    for (const [n, image] of [clear, turned].entries()) {
      await page.locator('#choose').setInputFiles(image);
      await shown(page, n + 1);
      const [{ top }] = (await predicted(folder, image)) as [Predicted];
      const [found] = await rowsOf(page);
      top.forEach(({ probability }, k) =>
        expect(Math.abs(found![k]!.value - probability), image).toBeLessThan(1e-4),
      );
    }
    await close();
  });

  test('boxes are those of kcr predict', async () => {
    await using folder = await temporaryFolder();
    const backbone = await findModel('swin_tiny_patch4_window7_224', swin);
    const head = { num_classes: 2, extra_channels: [8, 6], max_per_img: 6 };
    await writeRun(folder, withHead(heads.ssdlite!, backbone, head), {
      crop_mode: 'corner',
      interpolation: 'bilinear',
    });
    await kcr('export', folder.at('run'), '--page', folder.at('web'));
    const photo = await writePhoto(folder.at('photo.jpg'), 50, 70);
    const { page, problems, close } = await openServed(folder.at('web'));
    await page.locator('#choose').setInputFiles(photo);
    await shown(page, 1);
    const expected = await predicted(folder, photo);
    for (const [i, { objects }] of expected.entries()) {
      const sure = objects.filter(({ score }) => score >= 0.3);
      expect(sure.length).toBeGreaterThan(0);
      const boxes = await page
        .locator('.model')
        .nth(i)
        .locator('svg rect')
        .evaluateAll((all) =>
          all.map((rect) =>
            ['x', 'y', 'width', 'height'].map((name) => Number(rect.getAttribute(name))),
          ),
        );
      expect(boxes).toHaveLength(sure.length);
      for (const [n, { bbox }] of sure.entries())
        bbox.forEach((x, k) => expect(boxes[n]![k]).toBeCloseTo(x, 2));
    }
    expect(problems).toEqual([]);
    await close();
  });

  test('class maps are those of kcr predict, pixel by pixel', async () => {
    await using folder = await temporaryFolder();
    const backbone = await findModel('swin_tiny_patch4_window7_224', swin);
    const head = { num_classes: 3, channels: 8, pool_scales: [1, 2], auxiliary_channels: 4 };
    const input = await writeRun(folder, withHead(heads.upernet!, backbone, head), {
      crop_mode: 'corner',
      interpolation: 'bilinear',
    });
    await kcr('export', folder.at('run'), '--page', folder.at('web'));
    const photo = await writePhoto(folder.at('photo.jpg'), 50, 70);
    const { page, problems, close } = await openServed(folder.at('web'));
    await page.locator('#choose').setInputFiles(photo);
    await shown(page, 1);
    const expected = await predicted(folder, photo);
    const found = await rowsOf(page);
    const pixels = await readSource(photo, input);
    for (const [i, name] of ['dense', 'compact'].entries()) {
      const { shares } = expected[i]!;
      expect(Object.keys(shares).length).toBeGreaterThan(1);
      const away = found[i]!.map(({ name, value }) => Math.abs(value - (shares[name] ?? 0)));
      expect(Math.max(...away)).toBeLessThan(0.002);
      const { data: labels } = await readLabelMap(
        folder.at(`predicted-${name}`, 'photo.labels.png'),
      );
      const { data: drawn } = tinted(pixels, (pixel) => colourOf(labels[pixel]!));
      const seen = await pixelsOf(page, i);
      const other = drawn.filter(
        (x, k) => Math.abs(x - seen[Math.floor(k / 3) * 4 + (k % 3)]!) > 2,
      );
      expect(other.length / drawn.length).toBeLessThan(0.002);
    }
    expect(problems).toEqual([]);
    await close();
  });

  test('opened as a file it says what to do', async () => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.at('model'));
    await kcr('export', folder.at('model'), '--page', folder.at('web'));
    const { page, close } = await openPage(folder.at('web', 'index.html'));
    expect(await page.locator('#file').innerText()).toContain('This page needs a web server');
    await close();
  });

  test('several threads where the server isolates the page; a file that is no image is said', async () => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.at('model'));
    await writeClassFolders(folder.at('samples'));
    const args = ['--page', folder.at('web'), '--samples', folder.at('samples')];
    await kcr('export', folder.at('model'), ...args, '--precision', 'int8-dynamic');
    const { page, close } = await openServed(folder.at('web'), {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    });
    await shown(page, 1);
    expect(await page.locator('.model h2').allInnerTexts()).toEqual([
      'model',
      'model int8-dynamic',
    ]);
    expect(await page.locator('#how').innerText()).toMatch(/\d threads: median/);
    await writeFile(folder.at('x.png'), 'no image');
    await page.locator('#choose').setInputFiles(folder.at('x.png'));
    await expect.poll(() => page.locator('#error').innerText()).toMatch(/^That did not work: /);
    await close();
  });
});

describe('a page is not written', () => {
  test.each<[string, string, (folder: Folder) => Promise<string[]>]>([
    [
      'OUT_EXISTS',
      'over other files',
      async (folder) => {
        await mkdir(folder.at('web'));
        await writeFile(folder.at('web/index.html'), '<p>somebody’s</p>');
        return [];
      },
    ],
    [
      'EXPORT_FORM',
      'of models of other classes',
      async (folder) => {
        const model = await classifier({ num_classes: 2 });
        const info = { classes: ['a', 'b'], input: plainPreprocessing(model.inputShape) };
        await saveModel(folder.at('other'), model, drawnWeights(model), info);
        return ['--beside', folder.at('other')];
      },
    ],
    [
      'PREDICT_INPUT',
      'with images of an empty folder',
      async (folder) => ['--samples', folder.at('no')],
    ],
  ])('%s: %s', async (code, _, args) => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.at('model'));
    const more = await args(folder);
    const said = await kcr('export', folder.at('model'), '--page', folder.at('web'), ...more);
    expect([said.code, said.err]).toEqual([1, expect.stringContaining(`kcr: ${code}\n`)]);
    const found = await readdir(folder.at('web')).catch(() => []);
    expect(found.filter((name) => name !== 'index.html')).toEqual([]);
    if (found.length > 0)
      expect(await readFile(folder.at('web/index.html'), 'utf8')).toBe('<p>somebody’s</p>');
  });

  test('OPTION for what belongs to a page alone', async () => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.at('model'));
    const given = ['--out', folder.at('x.onnx'), '--samples', folder.root];
    const { err, code } = await kcr('export', folder.at('model'), ...given);
    expect([err, code]).toEqual([expect.stringContaining('--samples'), 1]);
  });
});
