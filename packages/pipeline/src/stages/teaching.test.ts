import { float32, type NdArray, writeSafetensors } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { temporaryFolder, tinyCheckpoint, tinyContext, tinyImages } from '../testing/tiny.ts';
import { storedLogits, teaching } from './teaching.ts';

const write = (path: string, tensors: Record<string, NdArray>) =>
  writeSafetensors(path, { tensors, metadata: {} });

test('without a teacher there is no plugin', async () => {
  await using folder = await temporaryFolder();
  expect(await teaching(await tinyContext(folder.root))).toEqual({ plugins: [], models: [] });
});

describe('a teacher', () => {
  test("is a checkpoint, the run's dense model or a file of logits, with the recipe's options", async () => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.at('dense'));
    await write(folder.at('logits.safetensors'), { logits: float32([4, 2], 0.5) });
    const optionsOf = async (distillation: object, teacher?: string) => {
      const {
        plugins: [plugin],
      } = await teaching(await tinyContext(folder.root, { distillation }, { teacher }));
      return plugin;
    };
    for (const teacher of ['dense', folder.at('dense'), folder.at('logits.safetensors')]) {
      const plugin = await optionsOf({ teacher, kind: 'hard', weight: 0.25 });
      expect(plugin!.name).toBe('distillation');
      expect(plugin!.options).toMatchObject({ kind: 'hard', weight: 0.25 });
    }
    // What the run is given comes before what the recipe says.
    const own = folder.at('nothing');
    const given = await optionsOf({ teacher: own }, folder.at('dense'));
    expect(given!.name).toBe('distillation');
  });

  test('TEACHER for a file without logits, and for another normalisation', async () => {
    await using folder = await temporaryFolder();
    const context = (more: object) => tinyContext(folder.root, {}, more);
    await write(folder.at('other.safetensors'), { features: float32([4, 2]) });
    const other = await context({ teacher: folder.at('other.safetensors') });
    await expect(teaching(other)).rejects.toMatchObject({ code: 'TEACHER' });

    await tinyCheckpoint(folder.at('teacher'));
    const images = tinyImages(4);
    const train = { ...images, input: { ...images.input!, mean: [0.5, 0.5, 0.5] } };
    const teacher = folder.at('teacher');
    const normalised = await context({ teacher, data: { train, test: images } });
    await expect(teaching(normalised)).rejects.toMatchObject({
      code: 'TEACHER',
      where: teacher,
      found: expect.stringContaining('normalised in another way'),
    });
    // Cut in another way it may be: the student's images are its own.
    const cut = { ...images, input: { ...images.input!, crop_pct: 0.5 } };
    const taught = await teaching(await context({ teacher, data: { train: cut, test: cut } }));
    expect(taught.plugins).toHaveLength(1);
    // Its packages are among what a run is known by.
    expect(taught.models.map(({ architecture }) => architecture.module)).toEqual([
      '@kcr/backbones',
    ]);
  });

  describe('of classes in another order', () => {
    const own = (names: string[]) => ({ ...tinyImages(4), classes: names });
    const taughtBy = async (teacher: string, names: string[]) => {
      const data = { train: own(names), test: own(names) };
      return teaching(await tinyContext('', {}, { teacher, data }));
    };

    test.each<[string, string[] | undefined, string[], number[] | 'refused']>([
      ['the same', ['dark', 'light'], ['dark', 'light'], [1, 2, 3, 4]],
      ['another order', ['light', 'dark'], ['dark', 'light'], [2, 1, 4, 3]],
      ['others', ['light', 'grey'], ['dark', 'light'], 'refused'],
      ['without names', undefined, ['light', 'dark'], [1, 2, 3, 4]],
    ])('stored logits: %s', async (_, classes, names, expected) => {
      await using folder = await temporaryFolder();
      const file = folder.at('logits.safetensors');
      const metadata = classes ? { classes: JSON.stringify(classes) } : undefined;
      const logits = float32([2, 2], [1, 2, 3, 4]);
      await writeSafetensors(file, { tensors: { logits }, metadata: metadata ?? {} });
      if (expected === 'refused')
        return expect(taughtBy(file, names)).rejects.toMatchObject({
          code: 'TEACHER',
          found: 'logits of light, grey for images of dark, light',
        });
      expect(await storedLogits(file, names)).toEqual(float32([2, 2], expected));
      expect((await taughtBy(file, names)).plugins).toHaveLength(1);
    });

    test('a model: in another order they are put in this one, others are refused', async () => {
      await using folder = await temporaryFolder();
      await tinyCheckpoint(folder.root);
      await expect(taughtBy(folder.root, ['dark', 'grey'])).rejects.toMatchObject({
        code: 'TEACHER',
        found: 'a model of other classes than dark, grey',
      });
      expect((await taughtBy(folder.root, ['light', 'dark'])).plugins).toHaveLength(1);
    });
  });

  test('that is not there is an error of reading', async () => {
    await using folder = await temporaryFolder();
    const context = await tinyContext(folder.root, { distillation: { teacher: 'dense' } });
    await expect(teaching(context)).rejects.toMatchObject({ code: 'CHECKPOINT_READ' });
  });
});
