import { models } from '@kcr/backbones';
import { describe, expect, test } from 'vitest';
import { findModel, modelOf } from './find-model.ts';
import { findModelEntry } from './find-model-entry.ts';
import { temporaryFolder, tinyCheckpoint, tinyModel, tinyVit } from './testing/tiny.ts';

describe('a model', () => {
  test('by timm name has the published number of parameters', async () => {
    // timm's model cards: 5.7 M and 28.3 M.
    expect((await findModel('deit_tiny_patch16_224')).parameterCount).toBe(5_717_416);
    expect((await findModel('swin_tiny_patch4_window7_224')).parameterCount).toBe(28_288_354);
  });

  test('takes options that differ', async () => {
    const model = await findModel(tinyVit.name, tinyVit.config);
    expect(model.inputShape).toEqual([8, 8, 3]);
    expect(model.classes).toBe(2);
  });

  test('by MODULE#NAME is one of the module', async () => {
    expect(await findModelEntry('@kcr/backbones#mobilevit_xs')).toBe(models.mobilevit_xs);
  });

  test('by folder is that of the checkpoint, for images of another size too', async () => {
    await using folder = await temporaryFolder();
    await tinyCheckpoint(folder.root, await tinyModel({ depth: 2 }));
    const model = await findModel(folder.root, { img_size: 16 });
    expect(model.config).toMatchObject({ ...tinyVit.config, depth: 2, img_size: 16 });
    await expect(findModel(folder.root, { depth: 3 })).rejects.toMatchObject({
      code: 'STATE_DICT',
    });
  });

  test('an entry with other options is another model of its kind', () => {
    const entry = models.deit_tiny_patch16_224!;
    expect(modelOf(entry).classes).toBe(1000);
    expect(modelOf(entry, { num_classes: 3 }).classes).toBe(3);
  });

  test.each([
    ['MODEL_UNKNOWN', 'resnet50', {}],
    ['MODEL_UNKNOWN', 'constructor', {}],
    ['MODEL_UNKNOWN', '@kcr/backbones#resnet50', {}],
    ['MODULE_LOAD', '@nobody/nothing#x', {}],
    ['MODEL_CONFIG', 'deit_tiny_patch16_224', { image_size: 224 }],
  ])('%s: %s', async (code, name, config) => {
    await expect(findModel(name, config)).rejects.toMatchObject({ code });
  });
});
