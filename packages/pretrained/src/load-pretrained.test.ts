import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createModel } from '@kcr/backbones';
import {
  type Architecture,
  encodeSafetensors,
  Generator,
  importText,
  type Model,
  plainPreprocessing,
  prune,
  pruneState,
  type SafetensorsType,
  type StateDict,
  saveModel,
  writeSafetensors,
} from '@kcr/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadPretrained } from './load-pretrained.ts';
import type { SourceKind } from './source.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcr-pretrained-'));
});
afterEach(() => rm(folder, { recursive: true }));

const NAME = 'deit_tiny_patch16_224';
const small = { img_size: 32, embed_dim: 12, num_heads: 3, depth: 1, num_classes: 3 };
const given = createModel(NAME, small);
const weights = given.initialize(new Generator(1));

const save = async (tensors: StateDict = weights, file = 'model.safetensors') => {
  const path = join(folder, file);
  await writeSafetensors(path, { tensors, metadata: { format: 'pt' } });
  return path;
};

/** A config.json as timm writes it, of the small model. */
async function timmFolder(changed: object = {}) {
  const path = fileURLToPath(new URL('../fixtures/tuned.json', import.meta.url));
  const json = JSON.parse(await readFile(path, 'utf8'));
  const model_args = { ...small, num_classes: 3 };
  const own = {
    architecture: NAME,
    num_classes: 3,
    global_pool: 'token',
    label_names: ['a', 'b', 'c'],
  };
  const config = { ...json, ...own, model_args, ...changed };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
}

const line = ({ report, model }: Awaited<ReturnType<typeof loadPretrained>>) =>
  importText(report, model);

describe('a file beside a name', () => {
  test('is taken as it is, with the input of the name', async () => {
    const { num_classes: _, ...config } = small;
    const found = await loadPretrained(await save(), { model: `${NAME}.fb_in1k`, config });
    expect(found.weights).toEqual(weights);
    expect(found.info).toEqual({
      classes: ['0', '1', '2'],
      input: {
        ...plainPreprocessing([32, 32, 3]),
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
        crop_pct: 0.9,
      },
    });
  });

  test('of other classes, another size and grey images', async () => {
    const { num_classes: _, ...config } = small;
    const taken = await loadPretrained(await save(), {
      model: NAME,
      config: { ...config, img_size: [16, 48], in_chans: 1 },
      classes: ['x', 'y'],
      generator: new Generator(7),
    });
    expect(line(taken)).toBe(
      '18 of 20 arrays taken; head drawn for 2 classes; patch_embed.proj.weight 3 channels -> 1 channel; ' +
        'pos_embed 2x2 -> 1x3',
    );
    expect(taken.info.classes).toEqual(['x', 'y']);
    expect(taken.info.input).toMatchObject({
      input_size: [1, 16, 48],
      mean: [expect.closeTo(0.449, 3)],
      std: [expect.closeTo(0.226, 3)],
    });
    expect(taken.weights['head.weight']).toEqual(
      taken.model.initialize(new Generator(7))['head.weight'],
    );
  });

  test('without a head, and of a model that is built otherwise, is known by its arrays', async () => {
    const other = createModel(NAME, { ...small, global_pool: 'avg', num_classes: 0 });
    const { num_classes: _, ...config } = small;
    const path = await save(other.initialize(new Generator(1)));
    const found = await loadPretrained(path, { model: NAME, config });
    expect(line(found)).toBe(
      '18 of 18 arrays taken; built with {"global_pool":"avg"}, as its arrays say',
    );
    expect([found.model.classes, found.info.classes]).toEqual([0, []]);
  });

  test('of a distilled DeiT keeps both of its heads', async () => {
    const distilled = createModel(NAME, { ...small, distilled: true });
    const state = distilled.initialize(new Generator(1));
    const found = await loadPretrained(await save(state), { model: NAME, config: small });
    expect(found.weights).toEqual(state);
    expect(line(found)).toBe(
      '23 of 23 arrays taken; built with {"distilled":true}, as its arrays say',
    );
  });

  test.each<SafetensorsType>(['F16', 'BF16', 'F64'])('in %s', async (type) => {
    const types = Object.fromEntries(Object.keys(weights).map((name) => [name, type]));
    const path = join(folder, 'half.safetensors');
    await writeFile(path, encodeSafetensors({ tensors: weights, metadata: {} }, types));
    const found = await loadPretrained(path, { model: NAME, config: small });
    const worst = Object.entries(weights).map(([name, { data }]) =>
      Math.max(...[...data].map((x, i) => Math.abs(x - found.weights[name]!.data[i]!))),
    );
    expect(Math.max(...worst)).toBeLessThan(type === 'F64' ? 1e-12 : 1 / 256);
  });

  test('needs the name', async () => {
    await expect(loadPretrained(await save())).rejects.toMatchObject({ code: 'PRETRAINED_MODEL' });
    await expect(loadPretrained(await save(), { model: 'resnet50' })).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
    });
  });
});

describe('a timm folder', () => {
  test('says what it is', async () => {
    await timmFolder();
    await save();
    const found = await loadPretrained(folder);
    expect(found.weights).toEqual(weights);
    expect(found.info).toMatchObject({
      classes: ['a', 'b', 'c'],
      input: { input_size: [3, 32, 32], crop_pct: 0.9, mean: [0.5, 0.5, 0.5] },
    });
  });

  test('for other classes and another size', async () => {
    await timmFolder();
    await save();
    const found = await loadPretrained(folder, { classes: ['x'], config: { img_size: 64 } });
    expect(line(found)).toMatch(
      /^18 of 20 arrays taken; head drawn for 1 classes?; pos_embed 2x2 -> 4x4/,
    );
    expect(found.info.input.input_size).toEqual([3, 64, 64]);
    const many = await loadPretrained(folder, { config: { num_classes: 2 } });
    expect(many.info.classes).toEqual(['0', '1']);
    await expect(
      loadPretrained(folder, { classes: ['x'], config: { num_classes: 2 } }),
    ).rejects.toMatchObject({ code: 'OPTION', found: '1 names for a model of 2 classes' });
  });

  test('of several files', async () => {
    await timmFolder();
    const names = Object.keys(weights);
    const [first, second] = [names.slice(0, 5), names.slice(5)];
    const part = (own: string[]) => Object.fromEntries(own.map((name) => [name, weights[name]!]));
    await save(part(first), 'a.safetensors');
    await save(part(second), 'b.safetensors');
    const weight_map = Object.fromEntries([
      ...first.map((name) => [name, 'a.safetensors']),
      ...second.map((name) => [name, 'b.safetensors']),
    ]);
    const index = join(folder, 'model.safetensors.index.json');
    await writeFile(index, JSON.stringify({ metadata: { total_size: 1 }, weight_map }));
    expect((await loadPretrained(folder)).weights).toEqual(weights);
    const beside = await loadPretrained(index, { model: NAME, config: small });
    expect(beside.weights).toEqual(weights);
  });

  test.each([
    ['pytorch_model.bin', 'WEIGHTS_PICKLE'],
    ['other.bin', 'SAFETENSORS_READ'],
  ])('that has %s alone: %s', async (file, code) => {
    await timmFolder();
    await writeFile(join(folder, file), Uint8Array.from([0x50, 0x4b, 3, 4, ...Array(99).fill(0)]));
    await expect(loadPretrained(folder)).rejects.toMatchObject({ code });
  });
});

describe('a checkpoint folder', () => {
  const info = {
    classes: ['a', 'b', 'c'],
    input: { ...plainPreprocessing([32, 32, 3]), mean: [0.5], std: [0.25], crop_pct: 0.8 },
  };

  test('whole', async () => {
    await saveModel(folder, given, weights, info);
    const found = await loadPretrained(folder);
    expect([found.weights, found.info]).toEqual([weights, info]);
    expect(found.report).toMatchObject({ drawn: [], resized: [], left: [], choices: [] });
  });

  test('pruned, for other classes and images that are not square', async () => {
    const compact = prune(given, { 'blocks.0.mlp.hidden': [1, 5, 7] });
    await saveModel(folder, compact, pruneState(given, compact, weights), info);
    const found = await loadPretrained(folder, {
      classes: ['x', 'y'],
      config: { img_size: [64, 16] },
    });
    expect(found.model.kept).toEqual({ 'blocks.0.mlp.hidden': [1, 5, 7] });
    expect(line(found)).toMatch(
      /^18 of 20 arrays taken; head drawn for 2 classes; pos_embed 2x2 -> 4x1/,
    );
    expect(found.info.input).toEqual({ ...info.input, input_size: [3, 64, 16] });
  });

  test('of features alone, to which classes are added', async () => {
    const features = createModel(NAME, { ...small, num_classes: 0 });
    const { 'head.weight': _, 'head.bias': __, ...rest } = weights;
    await saveModel(folder, features, rest, { ...info, classes: [] });
    const found = await loadPretrained(folder);
    expect([found.info.classes, found.weights]).toEqual([[], rest]);
    const classified = await loadPretrained(folder, { classes: ['x', 'y'] });
    expect(line(classified)).toBe('18 of 20 arrays taken; head drawn for 2 classes');
  });

  test('that names code of others is refused without it, and found with it', async () => {
    const architecture: Architecture = { ...given.architecture, module: 'their-package' };
    const model = Object.assign(Object.create(given), { architecture }) as Model;
    await saveModel(folder, model, weights, info);
    await expect(loadPretrained(folder)).rejects.toMatchObject({
      code: 'ARCHITECTURE_UNKNOWN',
      where: 'their-package, vit',
    });
    const parts = { architecture: () => architecture, adapter: () => expect.unreachable() };
    expect((await loadPretrained(folder, { parts })).weights).toEqual(weights);
  });
});

test('further kinds of places are asked first', async () => {
  const kind: SourceKind = {
    name: 'a name',
    fits: (source) => source.startsWith('name:'),
    read: async (source) => ({
      where: source,
      model: { architecture: given.architecture, config: given.config, defaults: {} },
      tensors: async () => weights,
    }),
  };
  const found = await loadPretrained('name:x', { kinds: [kind] });
  expect(found.weights).toEqual(weights);
  expect(found.info.input).toEqual(plainPreprocessing([32, 32, 3]));
});

test('where nothing is, it says what could be', async () => {
  await mkdir(join(folder, 'empty'));
  await expect(loadPretrained(join(folder, 'empty'))).rejects.toMatchObject({
    code: 'CHECKPOINT_READ',
    fix: 'Pass a checkpoint folder, a timm folder, a safetensors file, hf://OWNER/NAME[@REVISION]',
  });
});
