import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel } from '@kcr/backbones';
import {
  adapt,
  defineAdapter,
  Generator,
  Model,
  type ModelInfo,
  type NdArray,
  type Preprocessing,
  plainPreprocessing,
  prune,
  type StateDict,
} from '@kcr/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadPretrained } from './load-pretrained.ts';
import { timmConfig, writeTimmFolder } from './timm-folder.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcr-timm-folder-'));
});
afterEach(() => rm(folder, { recursive: true }));

const named = (model: Model, change: Partial<Preprocessing> = {}): ModelInfo => ({
  classes: Array.from({ length: model.classes }, (_, i) => `class ${i}`),
  input: { ...plainPreprocessing(model.inputShape), ...change },
});

const vit = { img_size: 32, embed_dim: 12, num_heads: 3, depth: 2, num_classes: 3 };
const deit = (more: object = {}) => createModel('deit_tiny_patch16_224', { ...vit, ...more });
const swin = () =>
  createModel('swin_tiny_patch4_window7_224', {
    img_size: 32,
    embed_dim: 8,
    depths: [2, 2],
    num_heads: [1, 2],
    num_classes: 3,
  });

/** Names of the arrays that differ; the arrays themselves would take seconds to compare and print. */
const different = (a: StateDict, b: StateDict): string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => {
    const [one, other] = [a[name], b[name]];
    const bytes = ({ data }: NdArray) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return (
      !one || !other || `${one.shape}` !== `${other.shape}` || !bytes(one).equals(bytes(other))
    );
  });

/** Every second hidden channel of all MLPs, and others where they are named. */
function halved(model: Model, more: Readonly<Record<string, readonly number[]>> = {}): Model {
  const hidden = [...model.dims.values()].filter(({ name }) => name.endsWith('mlp.hidden'));
  const every = (full: number) => Array.from({ length: full >> 1 }, (_, i) => 2 * i);
  return prune(model, {
    ...Object.fromEntries(hidden.map(({ name, full }) => [name, every(full)])),
    ...more,
  });
}

const first = (count: number) => Array.from({ length: count }, (_, i) => i);
/** The first channels of the hidden layers, of which no ratio gives the number but for rounding. */
const few = (model: Model, count: number) =>
  halved(model, { 'blocks.0.mlp.hidden': first(count), 'blocks.1.mlp.hidden': first(count) });

describe('a folder that was written is read as the same model', () => {
  test.each<[string, () => Model, string, object?]>([
    ['ViT', () => deit(), 'vit_tiny_patch16_224', { embed_dim: 12, depth: 2 }],
    ['a whole ViT', () => createModel('vit_tiny_patch16_224'), 'vit_tiny_patch16_224'],
    [
      'DeiT III',
      () => createModel('deit3_small_patch16_224', vit),
      'deit3_small_patch16_224',
      { embed_dim: 12, depth: 2, num_heads: 3 },
    ],
    [
      'a distilled DeiT',
      () => createModel('deit_tiny_distilled_patch16_224', { depth: 1 }),
      'deit_tiny_distilled_patch16_224',
      { depth: 1 },
    ],
    [
      'registers, the mean of patches, patches of 8',
      () => deit({ reg_tokens: 2, global_pool: 'avg', class_token: false, patch_size: 8 }),
      'vit_tiny_patch16_224',
      { reg_tokens: 2, global_pool: 'avg', class_token: false, patch_size: 8 },
    ],
    ['features alone', () => deit({ num_classes: 0 }), 'vit_tiny_patch16_224'],
    ['grey images', () => deit({ in_chans: 1 }), 'vit_tiny_patch16_224'],
    ['Swin', swin, 'swin_tiny_patch4_window7_224', { depths: [2, 2] }],
    [
      'MobileViT',
      () => createModel('mobilevit_xxs', { img_size: 64, num_classes: 3 }),
      'mobilevit_xxs',
    ],
    [
      'EfficientViT',
      () =>
        createModel('efficientvit_b0', { img_size: 64, num_classes: 3, depths: [1, 1, 1, 1, 1] }),
      'efficientvit_b0',
      { depths: [1, 1, 1, 1, 1] },
    ],
    ['a pruned ViT', () => halved(deit()), 'vit_tiny_patch16_224', { mlp_ratio: 2 }],
    ['29 of 48 hidden channels', () => few(deit(), 29), 'vit_tiny_patch16_224', {}],
    ['a pruned Swin', () => halved(swin()), 'swin_tiny_patch4_window7_224', { mlp_ratio: 2 }],
  ])('%s', async (_, make, architecture, args = {}) => {
    const model = make();
    const weights = model.initialize(new Generator(1));
    const input = { crop_pct: 0.9, crop_mode: 'squash', interpolation: 'bilinear' } as const;
    const info = named(model, input);
    await writeTimmFolder(folder, { model, weights, info });
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    expect(config).toMatchObject({ architecture, num_classes: model.classes });
    expect(config.model_args ?? {}).toMatchObject(args);
    const read = await loadPretrained(folder);
    expect(different(read.weights, weights)).toEqual([]);
    expect(read.info).toEqual(info);
    expect(read.model.macs).toEqual(model.macs);
    expect(read.report.drawn).toEqual([]);
    expect(read.report.left).toEqual([]);
  });
});

test('of models that are built alike, the name is the one whose images are normalised so', () => {
  const model = deit();
  const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
  expect(timmConfig({ model, info: named(model, imagenet) }).architecture).toBe(
    'deit_tiny_patch16_224',
  );
});

test('classifiers and the layer that reads the image are said, for other classes and channels', () => {
  const model = createModel('deit_tiny_distilled_patch16_224', { depth: 1 });
  const { pretrained_cfg } = timmConfig({ model, info: named(model, { mean: [0.5] }) });
  expect(pretrained_cfg).toMatchObject({
    classifier: ['head', 'head_dist'],
    first_conv: 'patch_embed.proj',
    mean: [0.5, 0.5, 0.5],
  });
});

const gain = defineAdapter({
  name: 'gain',
  module: 'a-package',
  contract: 1,
  attach: () => () => (_, value) => value,
});

describe('EXPORT_FORM, which names the part, and nothing is written', () => {
  test.each<[string, () => Model, string, RegExp, Partial<Preprocessing>?]>([
    [
      'channels by index',
      () => prune(deit(), { 'blocks.1.mlp.io': first(6) }),
      'blocks.1.mlp.io',
      /^6 of 12 channels, taken by index/,
    ],
    [
      'narrow heads',
      () => prune(deit(), { 'blocks.1.attn.qk': [0, 1, 4, 5, 8, 9] }),
      'blocks.1.attn.qk',
      /^6 of 12 channels in 3 of 3 heads/,
    ],
    [
      'widths of each block',
      () => prune(deit(), { 'blocks.1.mlp.hidden': first(6) }),
      'blocks.1.mlp.hidden',
      /^MLPs of 6 for 12 channels \(blocks.1.mlp.hidden\) and 48 for 12 .*one mlp_ratio/,
    ],
    [
      'maps',
      () => {
        const model = createModel('mobilevit_xxs', { img_size: 64, num_classes: 3 });
        return prune(model, { 'stem.channels': first(8) });
      },
      'stem.channels',
      /^8 of 16 channels, and timm has no argument/,
    ],
    ['adapters', () => adapt(deit(), [gain({})]), 'adapter gain', /added to the model/],
    [
      'stages of MobileViT',
      () => createModel('mobilevit_xxs', { img_size: 64, mlp_ratio: 3 }),
      'config, mlp_ratio',
      /^3, and timm's mobilevit_xxs has no argument/,
    ],
    [
      'windows that are no squares',
      () =>
        createModel('swin_tiny_patch4_window7_224', {
          img_size: [32, 64],
          depths: [1, 1],
          num_heads: [3, 6],
        }),
      'swin',
      /^windows of 4 x 7, and timm/,
    ],
    [
      'a Swin of features alone',
      () =>
        createModel('swin_tiny_patch4_window7_224', {
          depths: [1],
          num_heads: [3],
          num_classes: 0,
        }),
      'swin',
      /^no classifier/,
    ],
    ['LV-ViT', () => createModel('lvvit_s', { depth: 1 }), '@kcr/backbones#lvvit', /timm has not/],
    [
      'a model of others',
      () => {
        const { architecture, config } = deit();
        return new Model({ ...architecture, name: 'other', module: 'a-package' }, config);
      },
      'a-package#other',
      /timm has not/,
    ],
    ['a corner', () => deit(), 'preprocessing', /corner/, { crop_mode: 'corner' }],
  ])('%s', async (_, make, where, found, input) => {
    const model = make();
    const weights = model.initialize(new Generator(0));
    await expect(
      writeTimmFolder(folder, { model, weights, info: named(model, input) }),
    ).rejects.toMatchObject({
      code: 'EXPORT_FORM',
      where,
      found: expect.stringMatching(found),
      fix: expect.stringContaining('--out FILE.onnx'),
    });
    expect(await readdir(folder)).toEqual([]);
  });
});

test("STATE_DICT for weights that are not the model's", async () => {
  const model = halved(deit());
  const weights = deit().initialize(new Generator(0));
  const wrong = writeTimmFolder(folder, { model, weights, info: named(model) });
  await expect(wrong).rejects.toMatchObject({ code: 'STATE_DICT' });
});
