import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import type { PipelineEvent } from './events.ts';
import { predict } from './predict.ts';
import { eagerEngine, temporaryFolder, tinyCheckpoint, writeGrey } from './testing/tiny.ts';

/** A checkpoint, and three images in two folders, two of one name. */
async function prepare(root: string): Promise<void> {
  await tinyCheckpoint(`${root}/model`);
  for (const name of ['one', 'two']) await mkdir(`${root}/${name}`, { recursive: true });
  await writeGrey(`${root}/one/b.png`, 10, [4, 6]);
  await writeGrey(`${root}/one/a.png`, 200);
  await writeGrey(`${root}/two/a.jpg`, 200);
  await writeFile(`${root}/one/notes.txt`, 'no image');
}

const engine = eagerEngine;

describe('predictions', () => {
  test('are of all images of files and folders, in their order, each with a name of its own', async () => {
    await using folder = await temporaryFolder();
    await prepare(folder.root);
    const events: PipelineEvent[] = [];
    const { predictions, file } = await predict([folder.at('two', 'a.jpg'), folder.at('one')], {
      model: folder.at('model'),
      out: folder.at('out'),
      engine,
      on: (event) => events.push(event),
    });
    expect(file).toBe(folder.at('out', 'predictions.json'));
    expect(predictions.classes).toEqual(['dark', 'light']);
    const { images } = predictions;
    expect(images.map(({ id, image, drawing }) => [id, image, drawing])).toEqual([
      [1, folder.at('two', 'a.jpg'), folder.at('out', 'a.png')],
      [2, folder.at('one', 'a.png'), folder.at('out', 'a-2.png')],
      [3, folder.at('one', 'b.png'), folder.at('out', 'b.png')],
    ]);
    expect(images.map(({ height, width }) => [height, width])).toEqual([
      [8, 8],
      [8, 8],
      [4, 6],
    ]);
    for (const { top } of images as unknown as {
      top: { class: string; probability: number }[];
    }[]) {
      expect(top.map((one) => one.class).sort()).toEqual(['dark', 'light']);
      expect(top[0]!.probability + top[1]!.probability).toBeCloseTo(1, 6);
      expect(top[0]!.probability).toBeGreaterThanOrEqual(top[1]!.probability);
    }
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(predictions);
    expect(events.map((e) => (e.type === 'predicted' ? [e.done, e.images] : []))).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    const { width, height } = await sharp(folder.at('out', 'b.png')).metadata();
    expect([width, height]).toEqual([640, 427]);
  });

  test('of an image do not depend on those beside it', async () => {
    await using folder = await temporaryFolder();
    await prepare(folder.root);
    const topOf = async (inputs: string[]) => {
      const given = { model: folder.at('model'), out: folder.at('out'), engine };
      return (await predict(inputs, given)).predictions.images.at(-1)!.top;
    };
    const [a, b] = [folder.at('one', 'a.png'), folder.at('one', 'b.png')];
    expect(await topOf([a, b])).toEqual(await topOf([b]));
  });
});

test('images that cannot be read may be left out and counted', async () => {
  await using folder = await temporaryFolder();
  await prepare(folder.root);
  const whole = await readFile(folder.at('one', 'a.png'));
  await writeFile(folder.at('one', 'aa.png'), whole.subarray(0, whole.length / 2));
  const events: PipelineEvent[] = [];
  const given = { model: folder.at('model'), out: folder.at('out'), engine };
  await expect(predict([folder.at('one')], given)).rejects.toMatchObject({
    code: 'IMAGE_READ',
    where: folder.at('one', 'aa.png'),
    fix: expect.stringContaining('--invalid skip'),
  });
  // Of a.png, which comes first, nothing either.
  expect(await readdir(folder.at('out'))).toEqual([]);
  const { predictions } = await predict([folder.at('one')], {
    ...given,
    invalid: 'skip',
    on: (event) => events.push(event),
  });
  expect(predictions.images.map(({ image }) => image)).toEqual([
    folder.at('one', 'a.png'),
    folder.at('one', 'b.png'),
  ]);
  const entries = { IMAGE_READ: 1 };
  expect(events.at(-1)).toEqual({ type: 'skipped', where: folder.at('one'), entries });
});

describe('what cannot be done is refused', () => {
  const cases: [string, string, (at: (...parts: string[]) => string) => string[]][] = [
    ['PREDICT_INPUT', 'no such file or folder', (at) => [at('nothing.png')]],
    ['PREDICT_INPUT', 'no images', (at) => [at('empty')]],
    ['PREDICT_INPUT', 'no images', () => []],
    ['IMAGE_READ', '', (at) => [at('one', 'notes.txt')]],
  ];
  test.each(cases)('%s: %s', async (code, found, inputs) => {
    await using folder = await temporaryFolder();
    await prepare(folder.root);
    await mkdir(folder.at('empty'));
    const given = { model: folder.at('model'), out: folder.at('out'), engine };
    await expect(predict(inputs(folder.at), given)).rejects.toMatchObject({
      code,
      found: expect.stringContaining(found),
    });
  });

  test('OUT_OVERWRITES where a drawing would take the place of an image', async () => {
    await using folder = await temporaryFolder();
    await prepare(folder.root);
    const before = await readFile(folder.at('one', 'a.png'));
    const given = { model: folder.at('model'), out: folder.at('one'), engine };
    await expect(predict([folder.at('one')], given)).rejects.toMatchObject({
      code: 'OUT_OVERWRITES',
      where: folder.at('one', 'a.png'),
    });
    expect((await readFile(folder.at('one', 'a.png'))).equals(before)).toBe(true);
    expect(existsSync(folder.at('one', 'predictions.json'))).toBe(false);
    // An image of another type and the same name is no hindrance.
    const two = { ...given, out: folder.at('two') };
    expect((await predict([folder.at('two')], two)).predictions.images).toHaveLength(1);
  });
});
