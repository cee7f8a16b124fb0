import { readFileSync } from 'node:fs';
import {
  float32,
  Generator,
  type ImportOptions,
  importState,
  importText,
  type Model,
  type NdArray,
  type StateDict,
  sizeOf,
} from '@kcr/core';
import { classesOf } from '@kcr/core/internal';
import { describe, expect, test } from 'vitest';
import { createModel } from './registry.ts';
import { expectClose, run } from './testing.ts';

interface Case {
  model: string;
  source: Record<string, unknown>;
  changed: Record<string, unknown>;
  image: [height: number, width: number];
  logits: number[];
}

const file = new URL('../fixtures/imports.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };

/** FNV-1a of a name, which is ASCII. */
const hashed = (name: string): number =>
  [...name].reduce((hash, c) => Math.imul(hash ^ c.charCodeAt(0), 16777619) >>> 0, 2166136261);

/** The numbers in -0.5..0.5 of a name, as in tools/parity/make_import_cases.py. */
function uniform(name: string): (i: number) => number {
  const hash = hashed(name);
  return (i) => {
    let x = (Math.imul(i, 2654435761) + hash) >>> 0;
    x = Math.imul(x ^ (x >>> 15), 2246822519) >>> 0;
    x = Math.imul(x ^ (x >>> 13), 3266489917) >>> 0;
    return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32 - 0.5;
  };
}

/** Around 1 for what scales a channel, else around 0. */
function values(name: string, { shape, dtype }: Pick<NdArray, 'shape' | 'dtype'>): NdArray {
  if (dtype === 'int32') return { dtype, shape, data: new Int32Array(sizeOf(shape)) };
  const around = shape.length === 1 && !/(bias|running_mean)$/.test(name) ? 1 : 0;
  const number = uniform(name);
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => around + 0.4 * number(i));
  return { dtype, shape, data };
}

const stateOf = (model: Model, prefix = ''): StateDict =>
  Object.fromEntries(model.params.map((spec) => [spec.name, values(prefix + spec.name, spec)]));

const generator = new Generator(0);
const options = { generator, where: 'file' };

/** The convolutional models of timm have no size; ours need one. */
const sized = (config: object, image: [number, number]) => ({ img_size: image, ...config });

const changes = (changed: object) => JSON.stringify(changed).replaceAll('"', '');

describe('a model that is given weights of another has the logits that timm gives it', () => {
  test.each(cases.map((c) => [c.model, changes(c.changed), c] as const))(
    '%s %s',
    async (name, _, { source, changed, image, logits }) => {
      const given = stateOf(createModel(name, sized(source, image)));
      const model = createModel(name, sized({ ...source, ...changed }, image));
      const { state, report } = importState(model, given, options);
      for (const drawn of report.drawn) state[drawn] = values(`drawn.${drawn}`, state[drawn]!);
      const channels = model.inputShape[2];
      const pixel = uniform('image');
      const shape = [2, ...image, channels];
      const data = Float32Array.from({ length: sizeOf(shape) }, (_v, i) => 4 * pixel(i));
      const found = await run(model, state, float32(shape, data));
      expectClose(found.logits, logits, 1e-5);
    },
  );
});

const vit = { img_size: 32, embed_dim: 12, num_heads: 3, depth: 2, num_classes: 3 };
const deit = (more: object = {}) => createModel('deit_tiny_patch16_224', { ...vit, ...more });
const swin = (more: object = {}) =>
  createModel('swin_tiny_patch4_window7_224', {
    img_size: 32,
    embed_dim: 8,
    depths: [1, 2],
    num_heads: [1, 2],
    num_classes: 3,
    ...more,
  });

const named = (state: StateDict, name: (name: string) => string): StateDict =>
  Object.fromEntries(Object.entries(state).map(([own, array]) => [name(own), array]));

const own = stateOf(deit());

/** Names of the arrays that differ; the arrays themselves would take seconds to print. */
const different = (a: StateDict, b: StateDict): string[] =>
  [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]),
  );

const averaged = (weights: string, averages: string): StateDict => ({
  ...named(stateOf(deit(), 'other'), (name) => weights + name),
  ...named(own, (name) => averages + name),
});

describe('names', () => {
  test.each<[string, StateDict]>([
    ...['module.', 'model.', 'backbone.', 'state_dict.', 'module._orig_mod.', 'a.b.'].map(
      (prefix): [string, StateDict] => [prefix, named(own, (name) => prefix + name)],
    ),
    ['another head', named(own, (name) => name.replace(/^head/, 'classifier'))],
    ['a head within', named(own, (name) => name.replace(/^head/, 'model.head.fc'))],
    ['averages beside weights', averaged('', 'ema.')],
    ['averages of another name', averaged('model.', 'model_ema.module.')],
    ['averages as timm has them', averaged('state_dict.', 'state_dict_ema.')],
    [
      'arrays of something else',
      { ...own, step: { dtype: 'int32', shape: [], data: new Int32Array(1) } },
    ],
    ['an old representation layer', { ...own, 'pre_logits.fc.weight': float32([12, 12]) }],
  ])('%s', (_, tensors) => {
    const { state, report } = importState(deit(), tensors, options);
    expect(different(state, own)).toEqual([]);
    expect(report.drawn).toEqual([]);
    expect(report.left).toHaveLength(Object.keys(tensors).length - report.taken.length);
  });

  test('weights whose averages are not whole are taken themselves', () => {
    const { 'ema.cls_token': _, ...rest } = averaged('', 'ema.');
    const { state, report } = importState(deit(), rest, options);
    expect(different(state, stateOf(deit(), 'other'))).toEqual([]);
    expect(report.left).toHaveLength(Object.keys(own).length - 1);
  });

  test("of Meta's DeiT III, without the head that ours has", () => {
    const model = createModel('deit3_small_patch16_224', vit);
    const state = stateOf(model);
    const given = named(state, (name) => name.replace(/ls([12])\.gamma/, 'gamma_$1'));
    expect(different(importState(model, given, options).state, state)).toEqual([]);
  });

  test("of Microsoft's Swin, with the tables of old files", () => {
    const state = stateOf(swin());
    const given: StateDict = {
      ...named(state, (name) =>
        name.replace('layers.1.downsample', 'layers.0.downsample').replace('head.fc', 'head'),
      ),
      'layers.0.blocks.0.attn.relative_position_index': float32([49, 49]),
      'layers.0.blocks.1.attn_mask': float32([4, 49, 49]),
    };
    const imported = importState(swin(), given, options);
    expect(different(imported.state, state)).toEqual([]);
    expect(imported.report.left).toEqual([
      'layers.0.blocks.0.attn.relative_position_index',
      'layers.0.blocks.1.attn_mask',
    ]);
    const { 'head.weight': _, 'head.bias': __, ...headless } = given;
    expect(importState(swin({ num_classes: 7 }), headless, options).report.drawn).toEqual([
      'head.fc.weight',
      'head.fc.bias',
    ]);
  });
});

describe('a line says what was done', () => {
  const line = (model: Model, tensors: StateDict, more: Partial<ImportOptions> = {}) =>
    importText(importState(model, tensors, { ...options, ...more }).report, model);

  test.each<[string, () => string, string]>([
    ['nothing', () => line(deit(), own), '32 of 32 arrays taken'],
    [
      'classes and size',
      () => line(deit({ num_classes: 5, img_size: 64 }), own),
      '30 of 32 arrays taken; head drawn for 5 classes; pos_embed 2x2 -> 4x4',
    ],
    [
      'no classes',
      () => line(deit({ num_classes: 0 }), own),
      '30 of 30 arrays taken; left in the file: head.weight, head.bias',
    ],
    [
      'a known image',
      () => line(deit({ img_size: [16, 64] }), own, { image: [32, 32] }),
      '32 of 32 arrays taken; pos_embed 2x2 -> 1x4',
    ],
    [
      'grey images and other patches',
      () => line(deit({ in_chans: 1, patch_size: 8 }), own),
      '32 of 32 arrays taken; patch_embed.proj.weight 16x16, 3 channels -> 8x8, 1 channel; pos_embed 2x2 -> 4x4',
    ],
    [
      'averages',
      () => line(deit(), averaged('', 'ema.')),
      '32 of 32 arrays taken; averaged weights (ema.) instead of the last; ' +
        'left in the file: patch_embed.proj.weight, patch_embed.proj.bias, cls_token, pos_embed, 28 more',
    ],
    [
      'a distilled DeiT',
      () => line(deit(), stateOf(deit({ distilled: true }))),
      '32 of 32 arrays taken; of a distilled DeiT the class token and its head alone (`distilled: true` takes both); ' +
        'left in the file: dist_token, head_dist.weight, head_dist.bias',
    ],
    [
      'windows',
      () => line(swin({ window_size: 2 }), stateOf(swin({ window_size: 4 }))),
      '50 of 50 arrays taken; 3 times relative_position_bias_table 7x7 -> 3x3',
    ],
    [
      'another head',
      () =>
        line(
          deit(),
          named(own, (name) => name.replace(/^head/, 'fc')),
        ),
      '32 of 32 arrays taken; fc as the classifier head',
    ],
  ])('%s', (_, said, expected) => {
    expect(said()).toBe(expected);
  });
});

describe('what does not fit is refused', () => {
  const refusal = (found: string | RegExp, fix: string) =>
    expect.objectContaining({
      code: 'STATE_DICT',
      where: 'file',
      found: expect.stringMatching(found),
      fix,
    });
  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(own).filter(([name]) => !names.includes(name)));
  const fix = 'Use weights of vit with this configuration';
  const build = (config: object) =>
    `Build the model as the file says that it is: ${JSON.stringify(config)}`;

  test.each<[string, Model, StateDict, string | RegExp, string]>([
    [
      'nothing in common',
      deit(),
      { a: float32([1]) },
      /^30 missing: .*, 25 more; 1 unexpected: a$/,
      fix,
    ],
    ['a missing array', deit(), without('norm.bias'), '^1 missing: norm.bias$', fix],
    ['a deeper model', deit({ depth: 1 }), own, /^12 unexpected: blocks\.1\..*, 7 more$/, fix],
    [
      'a wider model',
      deit({ embed_dim: 9 }),
      own,
      /^30 of another shape: patch_embed.proj.weight is \[12, 3, 16, 16\] instead of \[9, .*, 25 more$/,
      fix,
    ],
    [
      'a norm behind the pooling',
      deit(),
      stateOf(deit({ global_pool: 'avg' })),
      '^2 missing: norm.weight, norm.bias; 2 unexpected: fc_norm.weight, fc_norm.bias$',
      build({ global_pool: 'avg' }),
    ],
    [
      'layers that scale and biases that are not there',
      deit(),
      stateOf(deit({ init_values: 1e-4, qkv_bias: false })),
      /^2 missing: blocks.0.attn.qkv.bias, .*; 4 unexpected: blocks.0.ls1.gamma/,
      build({ init_values: 1e-5, qkv_bias: false }),
    ],
    [
      'tokens without positions',
      deit(),
      stateOf(deit({ no_embed_class: true, reg_tokens: 1 })),
      /^1 unexpected: reg_token; 1 of another shape: pos_embed/,
      build({ reg_tokens: 1, no_embed_class: true }),
    ],
    [
      'whole numbers',
      deit(),
      { ...own, 'norm.bias': { dtype: 'int32', shape: [12], data: new Int32Array(12) } },
      '^1 of another shape: norm.bias is int32 instead of float32$',
      fix,
    ],
  ])('%s', (_, model, tensors, found, expected) => {
    expect(() => importState(model, tensors, options)).toThrow(refusal(found, expected));
  });

  test('values that are not finite', () => {
    const tensors = { ...own, 'norm.bias': float32([12], Number.NaN) };
    expect(() => importState(deit(), tensors, options)).toThrow(
      expect.objectContaining({ code: 'STATE_FINITE' }),
    );
  });
});

describe('LV-ViT, which timm does not have,', () => {
  const lvvit = (more: object = {}) =>
    createModel('lvvit_s', {
      img_size: 32,
      embed_dim: 12,
      num_heads: 3,
      depth: 1,
      stem_dim: 4,
      num_classes: 3,
      ...more,
    });
  const given = stateOf(lvvit());

  test('takes both heads, or draws both', () => {
    expect(different(importState(lvvit(), given, options).state, given)).toEqual([]);
    const { report } = importState(lvvit({ num_classes: 4, in_chans: 1 }), given, options);
    expect(report.drawn).toEqual(['aux_head.weight', 'aux_head.bias', 'head.weight', 'head.bias']);
    expect(report.resized.map(({ name }) => name)).toEqual(['patch_embed.conv1.weight']);
  });

  test('has images that are not square, and features alone', async () => {
    const model = lvvit({ img_size: [16, 64], num_classes: 0 });
    const { state, report } = importState(model, given, { ...options, image: [32, 32] });
    expect(report.resized).toEqual([{ name: 'pos_embed', from: '2x2', to: '1x4' }]);
    const { logits, features } = await run(model, state, float32([1, 16, 64, 3], 0.5));
    expect(logits).toEqual(features);
    expect(logits).toHaveLength(12);
  });
});

test('what a file says of its classes', () => {
  expect(classesOf(deit({ num_classes: 7 }), own)).toBe(3);
  expect(classesOf(swin({ num_classes: 7 }), stateOf(swin({ num_classes: 0 })))).toBe(0);
  expect(
    classesOf(
      deit({ num_classes: 7 }),
      named(own, (n) => n.replace('head', 'fc')),
    ),
  ).toBe(3);
});
