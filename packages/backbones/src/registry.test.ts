import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  float32,
  Generator,
  loadWeights,
  readSafetensors,
  type StateDict,
  saveWeights,
  writeSafetensors,
} from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { createModel, modelEntry, models, publishedTag } from './registry.ts';

/** Parameters and MACs of timm 1.0.29, counted by hooks on its modules. */
const counts: Record<string, [params: number, linear: number, total: number]> = {
  vit_small_patch16_224: [22_050_664, 4_241_218_560, 4_598_882_304],
  vit_base_patch16_224: [86_567_656, 16_848_500_736, 17_563_828_224],
  deit_tiny_patch16_224: [5_717_416, 1_074_851_328, 1_253_683_200],
  deit_small_patch16_224: [22_050_664, 4_241_218_560, 4_598_882_304],
  deit_base_patch16_224: [86_567_656, 16_848_500_736, 17_563_828_224],
  lvvit_s: [26_151_824, 6_074_600_448, 6_551_485_440],
  swin_tiny_patch4_window7_224: [28_288_354, 4_350_425_088, 4_490_566_656],
  swin_base_patch4_window7_224: [87_768_224, 15_126_077_440, 15_430_946_816],
  mobilevit_xs: [2_317_848, 908_635_136, 1_025_911_808],
  mobilevit_s: [5_578_632, 1_823_196_160, 2_000_831_488],
  'mobilevit_xs at 224': [2_317_848, 703_228_736, 772_340_288],
  'mobilevit_s at 224': [5_578_632, 1_416_770_560, 1_521_507_328],
  efficientvit_b1: [9_102_024, 510_684_672, 519_214_592],
  'efficientvit_b1 at 288': [9_102_024, 841_543_168, 855_643_648],
};

test.each(Object.entries(counts))(
  '%s has the parameters and MACs of timm',
  (row, [params, linear, total]) => {
    const [name, size] = row.split(' at ') as [string, string?];
    const model = createModel(name, size ? { img_size: Number(size) } : {});
    expect(model.parameterCount).toBe(params);
    expect(model.macs).toEqual({ linear, attention: total - linear, total });
  },
);

/** Parameters, share of the image, image side, and the first number of mean and deviation, of timm 1.0.29. */
const shown: Record<string, [params: number, crop: number, side: number, mean: number]> = {
  vit_tiny_patch16_224: [5_717_416, 0.9, 224, 0.5],
  'vit_tiny_patch16_224.augreg_in21k_ft_in1k': [5_717_416, 0.9, 224, 0.5],
  vit_tiny_patch16_384: [5_790_376, 1, 384, 0.5],
  'vit_small_patch16_224.dino': [22_050_664, 0.9, 224, 0.485],
  vit_small_patch16_384: [22_196_584, 1, 384, 0.5],
  'vit_base_patch16_224.mae': [86_567_656, 0.9, 224, 0.485],
  vit_base_patch16_384: [86_859_496, 1, 384, 0.5],
  'vit_small_patch32_224.augreg_in21k': [22_878_952, 0.9, 224, 0.5],
  vit_base_patch32_224: [88_224_232, 0.9, 224, 0.5],
  vit_small_patch32_384: [22_915_432, 1, 384, 0.5],
  vit_base_patch32_384: [88_297_192, 1, 384, 0.5],
  deit_base_patch16_384: [86_859_496, 1, 384, 0.485],
  deit_tiny_distilled_patch16_224: [5_910_800, 0.9, 224, 0.485],
  deit_small_distilled_patch16_224: [22_436_432, 0.9, 224, 0.485],
  deit_base_distilled_patch16_224: [87_338_192, 0.9, 224, 0.485],
  deit_base_distilled_patch16_384: [87_630_032, 1, 384, 0.485],
  deit3_small_patch16_224: [22_059_496, 0.9, 224, 0.485],
  'deit3_small_patch16_224.fb_in22k_ft_in1k': [22_059_496, 1, 224, 0.485],
  deit3_small_patch16_384: [22_205_416, 1, 384, 0.485],
  deit3_medium_patch16_224: [38_849_512, 0.9, 224, 0.485],
  deit3_base_patch16_224: [86_585_320, 0.9, 224, 0.485],
  deit3_base_patch16_384: [86_877_160, 1, 384, 0.485],
  swin_small_patch4_window7_224: [49_606_258, 0.9, 224, 0.485],
  swin_base_patch4_window12_384: [87_903_584, 1, 384, 0.485],
  mobilevit_xxs: [1_272_024, 0.9, 256, 0],
  efficientvit_b0: [3_410_008, 0.95, 224, 0.485],
  'efficientvit_b1.r288_in1k': [9_102_024, 1, 288, 0.485],
  'efficientvit_b2.r256_in1k': [24_330_712, 1, 256, 0.485],
  efficientvit_b3: [48_646_056, 0.95, 224, 0.485],
};

test.each(Object.entries(shown))(
  '%s has the parameters and the images of timm',
  (name, [params, crop, side, mean]) => {
    const { cropRatio, normalization } = modelEntry(name);
    const model = createModel(name);
    expect([model.parameterCount, cropRatio, model.inputShape[0], normalization.mean[0]]).toEqual([
      params,
      crop,
      side,
      mean,
    ]);
  },
);

test('a name that is none is told with those of its family', () => {
  expect(() => createModel('swin_large.tag')).toThrow(
    expect.objectContaining({
      code: 'MODEL_UNKNOWN',
      where: 'model "swin_large.tag"',
      fix: expect.stringMatching(/^Use one of swin_tiny_patch4_window7_224, [^v]*$/),
    }),
  );
  expect(() => createModel('constructor')).toThrow(
    /Use one of vit_tiny_patch16_224, .*efficientvit_b3/,
  );
});

test.each(Object.keys(models))('the feature maps of %s go from fine to coarse', (name) => {
  const { featureMaps, inputShape } = createModel(name);
  for (const { stride, height, width } of featureMaps)
    expect([height, width]).toEqual([Math.ceil(inputShape[0] / stride), height]);
  const strides = featureMaps.map((map) => map.stride);
  expect(strides).toEqual(strides.toSorted((a, b) => a - b));
  expect(strides.at(-1)).toBeGreaterThanOrEqual(16);
});

const files = await readdir(new URL('../fixtures/', import.meta.url));
const keyed = files.flatMap((file) => /^keys_(\w+)\.txt$/.exec(file)?.[1] ?? []);

test.each(keyed)('%s has the state dict of timm', async (name) => {
  const path = fileURLToPath(new URL(`../fixtures/keys_${name}.txt`, import.meta.url));
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  const expected = lines.map((line) => {
    const [, key, shape, kind, dtype] = /^(\S+)\s+\(([\d, ]*)\)\s+(\w+)\s+(\w+)$/.exec(line)!;
    const sizes = shape!.split(',').filter((n) => n.trim());
    return [key, sizes.map(Number), kind === 'param', dtype === 'int64' ? 'int32' : dtype];
  });
  const actual = createModel(name).params.map((p) => [p.name, p.shape, p.trainable, p.dtype]);
  const byName = (a: unknown[], b: unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);
  expect(actual.sort(byName)).toEqual(expected.sort(byName));
});

test('weights load by path, and a file that does not fit says what is wrong', async () => {
  const path = fileURLToPath(new URL('../fixtures/vit.safetensors', import.meta.url));
  const { tensors } = await readSafetensors(path);
  const config = { img_size: 32, patch_size: 8, embed_dim: 48, depth: 2, num_classes: 10 };
  const model = createModel('deit_tiny_patch16_224', config);
  const own = Object.entries(tensors).filter(([name]) => !/^(case|grad)\./.test(name));
  const folder = await mkdtemp(join(tmpdir(), 'kcr-weights-'));
  const file = join(folder, 'timm.safetensors');
  await writeSafetensors(file, { tensors: Object.fromEntries(own), metadata: { format: 'pt' } });
  const weights = await loadWeights(model, file);
  expect(weights['blocks.1.attn.qkv.weight']).toEqual(tensors['blocks.1.attn.qkv.weight']);
  const other = createModel('deit_tiny_patch16_224', { ...config, depth: 3, num_classes: 9 });
  await expect(loadWeights(other, file)).rejects.toThrow(
    /12 missing: blocks\.2.*2 of another shape: head\.weight is \[10, 48\] instead of \[9, 48\], head\.bias/s,
  );
  await expect(loadWeights(model, path)).rejects.toThrow(
    /38 unexpected: case\.features, .*, 33 more/,
  );
  await rm(folder, { recursive: true });
});

describe('weights under other names', () => {
  const config = { img_size: 32, embed_dim: 12, depths: [1, 1], num_heads: [2, 2], num_classes: 3 };
  const save = async (tensors: StateDict) => {
    const file = join(await mkdtemp(join(tmpdir(), 'kcr-mapping-')), 'official.safetensors');
    await writeSafetensors(file, { tensors, metadata: {} });
    return file;
  };

  test("Microsoft's Swin: downsampling ends a stage, the head is plain, tables are stored", async () => {
    const model = createModel('swin_tiny_patch4_window7_224', config);
    const own = model.initialize(new Generator(1));
    const official: StateDict = { 'layers.0.blocks.0.attn.relative_position_index': float32([1]) };
    for (const [name, array] of Object.entries(own))
      official[name.replace('layers.1.downsample', 'layers.0.downsample').replace('.fc.', '.')] =
        array;
    expect(await loadWeights(model, await save(official))).toEqual(own);
  });

  test('a distilled DeiT: its token, its position and its head are left out', async () => {
    const small = { img_size: 32, embed_dim: 12, num_heads: 3, depth: 1, num_classes: 3 };
    const model = createModel('deit_tiny_patch16_224', small);
    const own = model.initialize(new Generator(1));
    const pos = own.pos_embed!.data;
    const distilled = {
      ...own,
      dist_token: float32([1, 1, 12], 7),
      'head_dist.weight': float32([3, 12]),
      'head_dist.bias': float32([3]),
      pos_embed: float32([1, 6, 12], [...pos.slice(0, 12), ...Array(12).fill(7), ...pos.slice(12)]),
    };
    expect(await loadWeights(model, await save(distilled))).toEqual(own);
  });
});

test('saved weights are timm files: the same names, counters as 64-bit integers', async () => {
  const path = fileURLToPath(new URL('../fixtures/mobilevit-odd.safetensors', import.meta.url));
  const cases = await readFile(new URL('../fixtures/cases.json', import.meta.url), 'utf8');
  const { config, image } = JSON.parse(cases)['mobilevit-odd'];
  const model = createModel('mobilevit_xxs', { ...config, img_size: image });
  const { tensors } = await readSafetensors(path);
  const own = Object.fromEntries(model.params.map((p) => [p.name, tensors[p.name]!]));
  const file = join(await mkdtemp(join(tmpdir(), 'kcr-saved-')), 'model.safetensors');
  await saveWeights(model, own, file);
  expect(await loadWeights(model, file)).toEqual(own);
  const header = (await readFile(file)).subarray(8, 60_000).toString();
  expect(header).toMatch(/"stem\.bn\.num_batches_tracked":\{"dtype":"I64","shape":\[\]/);
});

describe('a model that cannot be is refused', () => {
  test.each<[string, string, object]>([
    ['MODEL_UNKNOWN', 'vit_tiny', {}],
    ['MODEL_UNKNOWN', 'constructor', {}],
    ['MODEL_UNKNOWN', '__proto__', {}],
    ['MODEL_CONFIG', 'deit_tiny_patch16_224', { img_size: 100 }],
    ['MODEL_CONFIG', 'deit_tiny_patch16_224', { num_heads: 5 }],
    ['MODEL_CONFIG', 'deit_tiny_patch16_224', { embed_dims: 64 }],
    ['MODEL_CONFIG', 'lvvit_s', { img_size: 100 }],
    ['MODEL_CONFIG', 'swin_tiny_patch4_window7_224', { depths: [2, 2] }],
    ['MODEL_CONFIG', 'mobilevit_s', { num_heads: 7 }],
    ['MODEL_CONFIG', 'efficientvit_b1', { head_dim: 48 }],
  ])('%s', (code, name, config) => {
    expect(() => createModel(name, config)).toThrow(expect.objectContaining({ code }));
  });

  const each = ['vit_tiny_patch16_224', 'lvvit_s', 'swin_tiny_patch4_window7_224'];
  const all = [...each, 'mobilevit_s', 'efficientvit_b1'];
  const monsters: [string, object, string[]][] = [
    ['img_size', { img_size: 1e6 }, all],
    ['in_chans', { in_chans: 0 }, all],
    ['num_classes', { num_classes: 1e9 }, all],
    ['depth', { depth: 1e7 }, each.slice(0, 2)],
    ['depths', { depths: [1, 1, 1e7, 1] }, all.slice(2)],
    ['embed_dim', { embed_dim: 1e9 }, each],
    ['embed_dim', { embed_dim: -32 }, each],
    ['num_heads', { num_heads: 0 }, each.slice(0, 2)],
    ['num_heads', { num_heads: [1, 0, 1, 1] }, each.slice(2)],
    ['patch_size', { patch_size: 16.5 }, all.slice(0, 4)],
    ['window_size', { window_size: 1e6 }, each.slice(2)],
    ['channels', { channels: [1, 1e9] }, ['mobilevit_s']],
    ['widths', { widths: [1e9] }, ['efficientvit_b1']],
    ['head_widths', { head_widths: [8] }, ['efficientvit_b1']],
    ['scales', { scales: [1e9] }, ['efficientvit_b1']],
    ['blocks', { img_size: 4096, patch_size: 1, depth: 512 }, each.slice(0, 1)],
    ['blocks', { img_size: 4096, patch_size: 2, depth: 512 }, each.slice(1, 2)],
    ['blocks', { img_size: 4096, patch_size: 1, depths: [2, 2, 18, 2] }, each.slice(2)],
    ['blocks', { img_size: 64, window_size: 64 }, each.slice(2)],
    ['blocks', { depths: [512, 512, 1, 1] }, each.slice(2)],
  ];
  const named = monsters.flatMap(([field, config, names]) =>
    names.map((name) => [field, JSON.stringify(config), name, config] as const),
  );

  test.each(named)('for its %s before anything is built: %s of %s', (field, _, name, config) => {
    const begin = performance.now();
    expect(() => createModel(name, config)).toThrow(
      expect.objectContaining({ code: 'MODEL_CONFIG', found: expect.stringContaining(field) }),
    );
    expect(performance.now() - begin).toBeLessThan(2000);
  });
});

test.each([
  ['deit3_base_patch16_384', 'fb_in1k'],
  ['vit_base_patch16_224', 'augreg2_in21k_ft_in1k'],
  ['vit_base_patch32_224', 'augreg_in21k_ft_in1k'],
  ['swin_tiny_patch4_window7_224', 'ms_in1k'],
  ['swin_small_patch4_window7_224', 'ms_in22k_ft_in1k'],
  ['mobilevit_xxs', 'cvnets_in1k'],
  ['efficientvit_b3', 'r224_in1k'],
  ['lvvit_s', undefined],
])("timm's default weights of %s are %s", (name, tag) => {
  expect(publishedTag(name)).toBe(tag);
});
