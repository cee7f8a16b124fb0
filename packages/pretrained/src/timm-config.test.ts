import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readTimmConfig } from './timm-config.ts';

const fixture = (name: string) =>
  fileURLToPath(new URL(`../fixtures/${name}.json`, import.meta.url));

const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const plain = { interpolation: 'bicubic', crop_mode: 'center' };

describe("what timm's files say", () => {
  test.each<[string, string, object, object, (readonly string[])?]>([
    [
      'deit3',
      'deit3_small_patch16_224.fb_in22k_ft_in1k',
      { in_chans: 3, img_size: 224, num_classes: 1000, global_pool: 'token' },
      { ...plain, ...imagenet, input_size: [3, 224, 224], crop_pct: 1 },
    ],
    [
      'dino',
      'vit_small_patch16_224.dino',
      { in_chans: 3, img_size: 224, num_classes: 0, global_pool: 'token' },
      { ...plain, ...imagenet, input_size: [3, 224, 224], crop_pct: 0.9 },
    ],
    [
      'swin',
      'swin_tiny_patch4_window7_224.ms_in1k',
      { in_chans: 3, img_size: 224, num_classes: 1000 },
      { ...plain, ...imagenet, input_size: [3, 224, 224], crop_pct: 0.9 },
    ],
    [
      'mobilevit',
      'mobilevit_xxs.cvnets_in1k',
      { in_chans: 3, img_size: 256, num_classes: 3 },
      { ...plain, mean: [0, 0, 0], std: [1, 1, 1], input_size: [3, 256, 256], crop_pct: 0.9 },
      ['cat', 'dog', 'fish'],
    ],
    [
      'tuned',
      'vit_tiny_patch16_224.augreg_in21k_ft_in1k',
      {
        in_chans: 1,
        img_size: [48, 80],
        num_classes: 2,
        global_pool: 'avg',
        embed_dim: 24,
        depth: 2,
        num_heads: 3,
      },
      {
        ...plain,
        mean: [0.5, 0.5, 0.5],
        std: [0.5, 0.5, 0.5],
        input_size: [1, 48, 80],
        crop_pct: 0.9,
      },
      ['a', 'b'],
    ],
  ])('%s', async (file, name, config, input, classes) => {
    const found = await readTimmConfig(fixture(file));
    expect(found.name).toBe(name);
    expect(found.model.config).toEqual(config);
    expect(found.input).toEqual(input);
    expect(found.classes).toEqual(classes);
    const { architecture, defaults } = found.model;
    expect(() => architecture.configure({ ...defaults, ...config })).not.toThrow();
  });
});

/** Reads a file with this text. */
async function read(json: unknown) {
  const folder = await mkdtemp(join(tmpdir(), 'kcr-timm-'));
  try {
    const path = join(folder, 'config.json');
    await writeFile(path, typeof json === 'string' ? json : JSON.stringify(json));
    return await readTimmConfig(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const swin = JSON.parse(await readFile(fixture('swin'), 'utf8'));

test('older files have all fields at the top', async () => {
  const { architecture, num_features, pretrained_cfg } = swin;
  const flat = {
    architecture,
    num_features,
    ...pretrained_cfg,
    num_classes: 2,
    labels: ['a', 'b'],
  };
  const found = await read(flat);
  expect(found).toMatchObject({ classes: ['a', 'b'], model: { config: { num_classes: 2 } } });
});

test('names may be numbered, and those of another model are none of this', async () => {
  const named = { ...swin, num_classes: 3, label_names: { 0: 'a', 2: 'c', 1: 'b' } };
  expect((await read(named)).classes).toEqual(['a', 'b', 'c']);
  const other = { ...swin, pretrained_cfg: { ...swin.pretrained_cfg, label_names: ['a', 'b'] } };
  expect((await read(other)).classes).toBeUndefined();
});

test('a table from names to numbers names the classes too', async () => {
  const class_map = { b: 1, a: 0, c: 2 };
  expect((await read({ ...swin, num_classes: 3, class_map })).classes).toEqual(['a', 'b', 'c']);
  await expect(read({ ...swin, num_classes: 3, class_map: { a: 0, b: 0, c: 1 } })).rejects.toThrow(
    /class names: 2 different names/,
  );
});

test('interpolations that are not here are bicubic', async () => {
  const cfg = { ...swin.pretrained_cfg, interpolation: 'random' };
  expect((await read({ ...swin, pretrained_cfg: cfg })).input.interpolation).toBe('bicubic');
});

describe('refused are', () => {
  test.each<[string, unknown, string, RegExp]>([
    ['no JSON', '{', 'TIMM_CONFIG', /JSON/],
    ['a list', [], 'TIMM_CONFIG', /architecture/],
    [
      "Hugging Face's own configuration",
      { architectures: ['ViTModel'], model_type: 'vit' },
      'TIMM_CONFIG',
      /transformers library \(vit, ViTModel\)/,
    ],
    [
      'an architecture that is not here',
      { ...swin, architecture: 'resnet50' },
      'MODEL_UNKNOWN',
      /no model/,
    ],
    [
      'a size that is none',
      { ...swin, pretrained_cfg: { input_size: [3, 0, 224], std: [0] } },
      'TIMM_CONFIG',
      /pretrained_cfg.input_size.1: .*pretrained_cfg.std.0/,
    ],
    [
      'a name twice',
      { ...swin, num_classes: 2, label_names: ['a', 'a'] },
      'TIMM_CONFIG',
      /1 different/,
    ],
    [
      'a missing name',
      { ...swin, num_classes: 2, label_names: { 0: 'a', 2: 'b' } },
      'TIMM_CONFIG',
      /1 diff/,
    ],
  ])('%s', async (_, json, code, found) => {
    await expect(read(json)).rejects.toMatchObject({ code, found: expect.stringMatching(found) });
  });

  test('options that have other values than they may', async () => {
    const named = read({ ...swin, model_args: { img_size: { length: -1 } } });
    await expect(named).rejects.toMatchObject({ code: 'MODEL_CONFIG' });
  });

  test('options of timm that the architecture does not have', async () => {
    const { model } = await read({ ...swin, model_args: { ape: true, strict_img_size: false } });
    expect(() => model.architecture.configure(model.config)).toThrow(/unknown option ape/);
  });
});
