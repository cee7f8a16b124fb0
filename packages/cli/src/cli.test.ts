import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator, writeSafetensors } from '@kcr/core';
import { toFeatures } from '@kcr/features';
import { information } from '@kcr/ib-bound';
import { parseRecipe, recipes } from '@kcr/pipeline';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasBrowser, kcr, openPage } from './testing.ts';

let root: string;
const at = (...parts: string[]) => join(root, ...parts);

const training = { batchSize: 8, epochs: 2, optimizer: { lr: 1e-3 } };
const recipe = {
  name: 'tiny',
  model: {
    name: 'vit_tiny_patch16_224',
    config: { img_size: 16, patch_size: 8, embed_dim: 24, depth: 2, num_heads: 2, num_classes: 2 },
  },
  data: { augment: ['horizontalFlip'] },
  dense: training,
  search: {
    ...training,
    batchSize: 4,
    plugins: [{ use: '@kcr/masks#gumbelMasks', options: { budget: 0.85 } }],
  },
  retrain: {
    ...training,
    plugins: [
      {
        use: '@kcr/nystrom#kcrNystrom',
        options: { eta: 0.01, rank: 4, landmarks: 16, warmup: 0.5 },
      },
    ],
  },
  ablations: { compactNoTnn: [] },
  complexity: { rank: 4, landmarks: 16 },
};

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kcr-cli-'));
  const generator = new Generator(0);
  for (const part of ['train', 'test'])
    for (const [label, base] of [
      ['dark', 60],
      ['light', 190],
    ] as const) {
      await mkdir(at('data', part, label), { recursive: true });
      for (let i = 0; i < 12; i++) {
        const data = Uint8Array.from({ length: 20 * 20 * 3 }, () => base + generator.integer(60));
        const image = sharp(data, { raw: { width: 20, height: 20, channels: 3 } });
        await image.png().toFile(at('data', part, label, `${i}.png`));
      }
    }
  await writeFile(at('recipe.json'), JSON.stringify(recipe));
});
afterAll(() => rm(root, { recursive: true }));

const compress = () =>
  kcr('compress', at('recipe.json'), '--data', at('data'), '--out', at('run'), '--json');

describe('a run from images to the report', () => {
  test('compress writes checkpoints, a summary and a report', { timeout: 120_000 }, async () => {
    const { out, err, code } = await compress();
    expect(err).toMatch(/compact: epoch 2\/2, loss [\d.]+, top-1 [\d.]+ %, 0 s left/);
    expect(code).toBe(0);
    const summary = JSON.parse(await readFile(at('run', 'summary.json'), 'utf8'));
    expect(JSON.parse(out)).toEqual(summary);
    expect(Object.keys(summary)).toEqual(['dense', 'compact', 'compactNoTnn']);
    for (const model of Object.values(summary))
      expect(Object.keys(model as object)).toEqual([
        'top1',
        'params',
        'macs',
        'latencyMs',
        'trace',
        'tnn',
        'kc',
        'iXtX',
        'iXtY',
        'ib',
      ]);
    expect(summary.compact.macs).toBeLessThanOrEqual(0.85 * summary.dense.macs);
    expect(summary.compact.params).toBeLessThan(summary.dense.params);
  });

  test('a finished run is not trained again', async () => {
    const weights = at('run', 'dense', 'training.safetensors');
    const before = (await stat(weights)).mtimeMs;
    const { err } = await compress();
    expect(err).not.toMatch(/epoch/);
    expect((await stat(weights)).mtimeMs).toBe(before);
  });

  test('eval gives what the run measured', async () => {
    const summary = JSON.parse(await readFile(at('run', 'summary.json'), 'utf8'));
    const { out } = await kcr('eval', at('run', 'compact'), '--data', at('data', 'test'), '--json');
    const result = JSON.parse(out);
    expect(result).toMatchObject({ n: 24, top1: summary.compact.top1, top5: 1 });
    expect(result.loss).toBeGreaterThan(0);
  });

  test('search, then retrain from its selection, is what compress does', {
    timeout: 60_000,
  }, async () => {
    const common = [at('recipe.json'), '--data', at('data'), '--out', at('apart'), '--json'];
    const search = await kcr('search', ...common);
    const { kept } = JSON.parse(await readFile(at('apart', 'search', 'selection.json'), 'utf8'));
    expect(JSON.parse(search.out).kept['blocks.0.mlp.io']).toBe(kept['blocks.0.mlp.io'].length);
    await kcr('retrain', ...common, '--selection', at('apart', 'search', 'selection.json'));
    const weights = (run: string) => readFile(at(run, 'compact', 'model.safetensors'));
    expect((await weights('apart')).equals(await weights('run'))).toBe(true);
  });

  test('inspect and export know a compact checkpoint', async () => {
    const summary = JSON.parse(await readFile(at('run', 'summary.json'), 'utf8'));
    const { out } = await kcr('inspect', at('run', 'compact'), '--json');
    expect(JSON.parse(out)).toMatchObject({
      params: summary.compact.params,
      macs: { total: summary.compact.macs },
    });
    expect((await kcr('inspect', at('run', 'compact'))).out).toMatch(
      /blocks\.0\.mlp\.io +\d+ of 24/,
    );
    await kcr('export', at('run', 'compact'), '--out', at('compact.onnx'));
    expect((await stat(at('compact.onnx'))).size).toBeGreaterThan(10_000);
  });

  test.skipIf(!hasBrowser)('the report shows in a browser', { timeout: 60_000 }, async () => {
    const { page, problems, close } = await openPage(at('run', 'report.html'));
    expect(await page.locator('table:not(.pictures) tbody tr').count()).toBe(3);
    const pictures = page.locator('.pictures img');
    // The images, and for each of three models Grad-CAM and attention.
    expect(await pictures.count()).toBe(7);
    for (const picture of await pictures.all()) {
      const width = await picture.evaluate((img) => (img as { naturalWidth: number }).naturalWidth);
      expect(width).toBe(2 * 128);
    }
    const charts = page.locator('figure svg');
    expect(await charts.count()).toBeGreaterThanOrEqual(9);
    for (const chart of await charts.all())
      expect((await chart.boundingBox())!.height).toBeGreaterThan(100);
    const text = await page.locator('body').innerText();
    for (const title of [
      'top-1 on the test images',
      'Kept channels',
      'Spectrum',
      'Kernel complexity',
      'Bounds',
      'Entropy of attention rows by head, and its mean: compact',
    ])
      expect(text).toContain(title);
    expect(problems).toEqual([]);
    await close();
  });
});

describe('pruning', () => {
  const pruning = {
    ...recipe,
    search: undefined,
    prune: {
      method: 'bottom-up-cascade',
      epsilon: 60,
      images: 12,
      calibrationImages: 12,
      batchSize: 12,
      tokenSelector: { use: '@kcr/lfc#lfe', options: { form: 'code' } },
    },
    distillation: { teacher: 'dense', kind: 'hard' },
    ablations: {},
  };
  const run = async (...more: string[]) => {
    await writeFile(at('pruning.json'), JSON.stringify(pruning));
    const options = ['--data', at('data'), '--out', at('pruning'), '--json', ...more];
    return kcr('compress', at('pruning.json'), ...options);
  };

  test('a recipe prunes the trained model, trains on, and reports tokens and blocks', {
    timeout: 120_000,
  }, async () => {
    const { out, err, code } = await run();
    expect(err).toMatch(/prune: blocks\.0 \(1\/2\), \d+ tokens fewer: drop [-\d.]+ of at most/);
    expect(code).toBe(0);
    const summary = JSON.parse(out);
    expect(Object.keys(summary)).toEqual(['dense', 'pruned', 'compact']);
    expect(summary.pruned.macs).toBeLessThan(summary.dense.macs);
    expect(summary.compact.macs).toBe(summary.pruned.macs);
    expect(existsSync(at('pruning', 'pictures', 'tokens-pruned.png'))).toBe(true);
    const report = await readFile(at('pruning', 'report.html'), 'utf8');
    for (const title of ['Channels left in each block', 'tokens that are left: compact'])
      expect(report).toContain(title);
    const inspected = await kcr('inspect', at('pruning', 'compact'));
    expect(inspected.code).toBe(0);
    expect(inspected.out).toContain('none: tokens are taken out');
    const again = await run();
    expect(again.err).toBe('');
    expect(JSON.parse(again.out).pruned.top1).toBe(summary.pruned.top1);
  });

  test('weights from elsewhere take the place of training', { timeout: 120_000 }, async () => {
    const weights = at('pruning', 'dense', 'model.safetensors');
    const options = ['--data', at('data'), '--out', at('given'), '--weights', weights, '--json'];
    const { err, code } = await kcr('compress', at('pruning.json'), ...options);
    expect(code).toBe(0);
    expect(err).not.toContain('dense: epoch');
    const kept = async (of: string) =>
      JSON.parse(await readFile(at(of, 'pruned', 'model.json'), 'utf8')).kept;
    expect(await kept('given')).toEqual(await kept('pruning'));
  });

  const prune = (out: string, ...more: string[]) =>
    kcr(
      ...['prune', at('pruning', 'dense'), '--data', at('data', 'train'), '--out', at(out)],
      ...['--test', at('data', 'test'), '--json', ...more],
    );

  test.each([
    ['a budget of MACs', ['--criterion', 'taylor', '--budget', '0.8']],
    [
      'rounds',
      [
        ...['--criterion', 'magnitude', '--criterion-options', '{"norm":1}', '--budget', '0.8'],
        ...['--schedule', 'iterative', '--rounds', '2', '--dims', 'hidden'],
      ],
    ],
    ['an allowed drop', ['--allocator', 'drop', '--budget', '10', '--schedule', 'blockwise']],
    [
      'a cascade without tokens',
      ['--method', 'bottom-up-cascade', '--epsilon', '60', '--no-tokens'],
    ],
  ])('kcr prune with %s', { timeout: 60_000 }, async (name, options) => {
    const folder = `prune-${name.replaceAll(' ', '-')}`;
    const { out, code, err } = await prune(folder, ...options);
    expect(err).toContain('prune: ');
    expect(code).toBe(0);
    const { before, after, macsShare } = JSON.parse(out);
    expect(macsShare).toBe(after.macs / before.macs);
    expect(macsShare).toBeLessThanOrEqual(options.includes('0.8') ? 0.8 : 1);
    const { out: evaluated } = await kcr(
      ...['eval', at(folder), '--data', at('data', 'test'), '--json'],
    );
    expect(JSON.parse(evaluated).top1).toBe(after.top1);
    // Done once, it is read; with other options the folder is left alone.
    expect(JSON.parse((await prune(folder, ...options)).out).after).toEqual(after);
    expect((await prune(folder, ...options, '--seed', '7')).err).toContain('RESUME_MISMATCH');
  });

  test('kcr prune with a measured latency gives a smaller model, or says that noise left none', {
    timeout: 60_000,
  }, async () => {
    // So small models take as long as whole ones: which of the two it is depends on the machine.
    const options = ['--allocator', 'latency', '--budget', '1'];
    const { out, code, err } = await prune('prune-latency', ...options);
    if (code === 0) expect(JSON.parse(out).macsShare).toBeLessThanOrEqual(1);
    else expect(err).toContain('kcr: BUDGET');
  });

  test.each([
    ['OUT_EXISTS', ['--out', 'pruning/compact', '--budget', '0.8']],
    ['OPTION', ['--budget', '2']],
    ['OPTION', ['--criterion', 'nothing', '--budget', '0.5']],
    ['DIM_ROLES', ['--dims', 'nothing', '--budget', '0.5']],
    ['BUDGET', ['--budget', '0.0001']],
  ])('%s is said', async (code, options) => {
    const found = options.map((option) => (option.startsWith('pruning/') ? at(option) : option));
    const result = await prune('prune-wrong', ...found);
    expect(result.err).toContain(`kcr: ${code}`);
    expect(result.code).toBe(1);
    expect(existsSync(at('prune-wrong', 'model.json'))).toBe(false);
  });
});

describe('eval-coco', () => {
  const truth = {
    images: [{ id: 1, height: 10, width: 10 }],
    categories: [{ id: 1, name: 'a' }],
    annotations: [
      {
        id: 1,
        image_id: 1,
        category_id: 1,
        area: 16,
        iscrowd: 0,
        bbox: [1, 1, 4, 4],
        segmentation: [[1, 1, 5, 1, 5, 5, 1, 5]],
      },
    ],
  };
  const hit = { image_id: 1, category_id: 1, score: 0.9, bbox: [1, 1, 4, 4] };
  const run = async (detections: unknown, ...more: string[]) => {
    await writeFile(at('gt.json'), JSON.stringify(truth));
    await writeFile(at('dt.json'), JSON.stringify(detections));
    return kcr('eval-coco', '--gt', at('gt.json'), '--dt', at('dt.json'), ...more);
  };

  test('gives the twelve figures, as JSON and as the familiar table', async () => {
    const { out } = await run([hit], '--json');
    // A perfect precision is 1 / (1 + 2^-52), as in COCO's API.
    const rounded = Object.entries<number>(JSON.parse(out)).map(([key, x]) => [
      key,
      Math.round(x * 1e9) / 1e9,
    ]);
    expect(Object.fromEntries(rounded)).toEqual({
      AP: 1,
      AP50: 1,
      AP75: 1,
      APs: 1,
      APm: -1,
      APl: -1,
      AR1: 1,
      AR10: 1,
      AR100: 1,
      ARs: 1,
      ARm: -1,
      ARl: -1,
    });
    const table = (await run([hit])).out.split('\n');
    expect(table).toHaveLength(13);
    expect(table[0]).toBe(
      ' Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 1.000',
    );
    expect(table[10]).toBe(
      ' Average Recall     (AR) @[ IoU=0.50:0.95 | area=medium | maxDets=100 ] = -1.000',
    );
  });

  test.each([
    ['COCO_IMAGE', { image_id: 2 }],
    ['COCO_CATEGORY', { category_id: 7 }],
    ['COCO_BOX', { bbox: [1, 2, -3, 4] }],
    ['COCO_SCORE', { score: null }],
  ])('%s is an error, or is left out and counted', async (code, wrong) => {
    const detections = [hit, { ...hit, ...wrong }];
    const { err, code: exit } = await run(detections, '--json');
    expect(err).toContain(`kcr: ${code}`);
    expect(exit).toBe(1);
    const skipped = await run(detections, '--json', '--invalid', 'skip');
    expect(skipped.err).toContain(`1 entries left out (${code})`);
    expect(JSON.parse(skipped.out).AP).toBeCloseTo(1, 9);
  });

  test('masks that are not there, or of another size, are refused', async () => {
    // Without a segmentation the mask is the box, as in COCO's API.
    expect(JSON.parse((await run([hit], '--type', 'segm', '--json')).out).AP).toBeCloseTo(1, 9);
    const bare = { ...hit, segmentation: null };
    expect((await run([bare], '--type', 'segm')).err).toContain('kcr: COCO_SEGMENTATION');
    const small = { ...hit, segmentation: { size: [4, 4], counts: [0, 16] } };
    expect((await run([small], '--type', 'segm')).err).toContain('kcr: RLE_SIZE');
    expect((await run({})).err).toContain('kcr: COCO_FORMAT');
    const missing = await kcr('eval-coco', '--gt', at('nothing.json'), '--dt', at('dt.json'));
    expect(missing.err).toContain('kcr: COCO_READ');
  });
});

describe('ib', () => {
  const generator = new Generator(1);
  const random = (rows: number, columns: number) => ({
    dtype: 'float32' as const,
    shape: [rows, columns],
    data: Float32Array.from({ length: rows * columns }, () => generator.normal()),
  });
  const tensors = {
    features: random(40, 6),
    inputs: random(40, 9),
    labels: {
      dtype: 'int32' as const,
      shape: [40],
      data: Int32Array.from({ length: 40 }, (_, i) => i % 3),
    },
  };
  const ib = async (extra: object, ...args: string[]) => {
    await writeSafetensors(at('ib.safetensors'), {
      tensors: { ...tensors, ...extra },
      metadata: {},
    });
    return JSON.parse((await kcr('ib', at('ib.safetensors'), '--json', ...args)).out);
  };

  test('a label far above the number of images is LABELS, not a full memory', async () => {
    const labels = { ...tensors.labels, data: tensors.labels.data.with(7, 1_000_000) };
    await writeSafetensors(at('labels.safetensors'), {
      tensors: { ...tensors, labels },
      metadata: {},
    });
    const { err, code } = await kcr('ib', at('labels.safetensors'));
    expect(code).toBe(1);
    expect(err).toContain('the label 1000000 for 40 images');
  });

  test('gives the exact values for given centroids', async () => {
    const [featureCentroids, inputCentroids] = [random(4, 6), random(5, 9)];
    const given = {
      features: toFeatures(tensors.features),
      inputs: toFeatures(tensors.inputs),
      featureCentroids: toFeatures(featureCentroids),
      inputCentroids: toFeatures(inputCentroids),
      labels: tensors.labels.data,
      classes: 3,
    };
    for (const [args, options] of [
      [[], {}],
      [['--beta', '2.5'], { beta: 2.5 }],
      [['--no-normalise'], { normalize: false }],
    ] as [string[], object][]) {
      const { logQ: _, ...expected } = information({ ...given, ...options });
      expect(await ib({ featureCentroids, inputCentroids }, ...args)).toEqual(expected);
    }
  });

  test('finds clusters where none are given, the same for the same seed', async () => {
    const found = await ib({});
    expect(Object.keys(found)).toEqual(['iXtX', 'iXtY', 'ib', 'ibb', 'constant']);
    expect(await ib({})).toEqual(found);
    expect(found.ib).toBeLessThanOrEqual(found.ibb + found.constant);
  });
});

describe('a teacher', () => {
  const common = (out: string) => ['--data', at('data'), '--out', at(out)];
  const retrain = (out: string, teacher: string[]) =>
    kcr(
      'retrain',
      at('recipe.json'),
      ...common(out),
      '--selection',
      at('run', 'search', 'selection.json'),
      ...teacher,
    );
  const weights = (run: string) => readFile(at(run, 'compact', 'model.safetensors'));

  test('changes what is learned, as a model and as stored logits', {
    timeout: 60_000,
  }, async () => {
    const stored = ['--logits', at('logits.safetensors')];
    await kcr('eval', at('run', 'dense'), '--data', at('data', 'train'), ...stored);
    expect((await retrain('taught', ['--teacher', at('run', 'dense')])).code).toBe(0);
    expect((await retrain('taught-logits', ['--teacher', at('logits.safetensors')])).code).toBe(0);
    const [plain, taught, byLogits] = [
      await weights('run'),
      await weights('taught'),
      await weights('taught-logits'),
    ];
    expect(taught.equals(plain)).toBe(false);
    expect(byLogits.equals(plain)).toBe(false);
    // The model sees flipped images, the logits are those of the plain ones.
    expect(byLogits.equals(taught)).toBe(false);
  });

  test('that is none is refused', async () => {
    await writeSafetensors(at('other.safetensors'), { tensors: {}, metadata: {} });
    const { err, code } = await retrain('none', ['--teacher', at('other.safetensors')]);
    expect(err).toMatch(/kcr: TEACHER\n/);
    expect(code).toBe(1);
  });
});

test('a recipe without a baseline or a search trains the model with its adapters', {
  timeout: 60_000,
}, async () => {
  const { dense: _, search: __, ...rest } = recipe;
  const adapters = [{ use: '@kcr/masks#qkMask', options: { separate: true } }];
  await writeFile(at('arch1.json'), JSON.stringify({ ...rest, adapters, ablations: {} }));
  const run = await kcr('compress', at('arch1.json'), '--data', at('data'), '--out', at('arch1'));
  expect(run.err).not.toMatch(/kcr:/);
  const summary = JSON.parse(await readFile(at('arch1', 'summary.json'), 'utf8'));
  expect(Object.keys(summary)).toEqual(['compact']);
  // Two blocks, each with a 24 x 24 layer for q and one for k.
  const dense = JSON.parse(await readFile(at('run', 'summary.json'), 'utf8')).dense;
  expect(summary.compact.params - dense.params).toBe(2 * 2 * (24 * 24 + 24));
  expect(
    (await kcr('search', at('arch1.json'), '--data', at('data'), '--out', at('arch1'))).err,
  ).toMatch(/RECIPE_INVALID/);
  const inspected = JSON.parse((await kcr('inspect', at('arch1', 'compact'), '--json')).out);
  expect(inspected.adapters).toEqual([
    {
      name: 'qkMask',
      params: summary.compact.params - dense.params,
      macs: summary.compact.macs - dense.macs,
    },
  ]);
  const { out } = await kcr('eval', at('arch1', 'compact'), '--data', at('data', 'test'), '--json');
  expect(JSON.parse(out).top1).toBe(summary.compact.top1);
});

test('complexity reads features and prints what they are', async () => {
  const generator = new Generator(1);
  const data = Float32Array.from({ length: 50 * 6 }, () => generator.normal());
  const file = at('features.safetensors');
  await writeSafetensors(file, {
    tensors: { features: { dtype: 'float32', shape: [50, 6], data } },
    metadata: {},
  });
  const { out } = await kcr(
    'complexity',
    file,
    '--rank',
    '2',
    '--landmarks',
    '20',
    '--seed',
    '3',
    '--json',
  );
  const result = JSON.parse(out);
  expect(Object.keys(result)).toEqual([
    'n',
    'd',
    'rank',
    'trace',
    'tnn',
    'tnnApprox',
    'kc',
    'kcArgmin',
    'akc',
  ]);
  expect(result).toMatchObject({ n: 50, d: 6, rank: 2 });
  expect(result.tnnApprox).toBeGreaterThanOrEqual(result.tnn);
  expect(result.kc).toBeLessThanOrEqual(6 / 50);
});

describe('what is wrong is said, with exit code 1', () => {
  const cases: [string, () => string[]][] = [
    ['MODEL_UNKNOWN', () => ['inspect', 'resnet50']],
    ['MODEL_CONFIG', () => ['inspect', 'deit_tiny_patch16_224', '--config', '{img}']],
    ['RECIPE_UNKNOWN', () => ['compress', 'nothing', '--out', at('x')]],
    ['RECIPE_READ', () => ['compress', at('nothing.json'), '--out', at('x')]],
    [
      'CHECKPOINT_READ',
      () => ['prune', 'nothing', '--data', 'x', '--out', at('x'), '--budget', '1'],
    ],
    ['DATA_ROOT', () => ['compress', 'kcr-vit-small', '--out', at('x')]],
    ['FOLDER_READ', () => ['compress', 'kcr-vit-small', '--data', at('nowhere'), '--out', at('x')]],
    [
      'DATASET_CLASSES',
      () => ['compress', 'kcr-vit-eurosat', '--data', at('data'), '--out', at('x')],
    ],
    [
      'RESUME_MISMATCH',
      () => [
        'compress',
        at('recipe.json'),
        '--data',
        at('data'),
        '--out',
        at('run'),
        '--seed',
        '9',
      ],
    ],
    ['CHECKPOINT_READ', () => ['eval', at('data'), '--data', at('data', 'test')]],
    ['FOLDER_CLASSES', () => ['eval', at('run', 'dense'), '--data', at('data')]],
    ['SAFETENSORS_READ', () => ['complexity', at('none'), '--rank', '1', '--landmarks', '1']],
    ['RANK', () => ['complexity', at('features.safetensors'), '--rank', '7', '--landmarks', '9']],
    [
      'LANDMARKS',
      () => ['complexity', at('features.safetensors'), '--rank', '2', '--landmarks', '51'],
    ],
    [
      'SELECTION_READ',
      () => [
        'retrain',
        at('recipe.json'),
        '--data',
        at('data'),
        '--out',
        at('x'),
        '--selection',
        at('none'),
      ],
    ],
    ['REPORT_RUN', () => ['report', at('data')]],
  ];
  test.each(cases)('%s', async (code, args) => {
    const { out, err, code: exit } = await kcr(...args());
    expect(err).toContain(`kcr: ${code}\n`);
    expect(err).toMatch(/where: .+\n {2}found: .+\n {2}do: {4}.+\n/);
    expect(exit).toBe(1);
    expect(out).toBe('');
    expect(existsSync(at('x'))).toBe(false);
  });

  test('a plugin that is not there, and one with a wrong name', async () => {
    for (const [use, code] of [
      ['@nobody/nothing#x', 'MODULE_LOAD'],
      ['@kcr/masks#mask', 'PLUGIN_UNKNOWN'],
    ]) {
      const search = { ...recipe.search, plugins: [{ use }] };
      await writeFile(at('bad.json'), JSON.stringify({ ...recipe, search }));
      const { err } = await kcr('search', at('bad.json'), '--data', at('data'), '--out', at('y'));
      expect(err).toContain(`kcr: ${code}\n`);
    }
  });

  test('every wrong field of a recipe at once, of its data too', async () => {
    const wrong = {
      ...recipe,
      seed: 'x',
      data: { augment: ['flip'] },
      dense: { ...recipe.dense, epoch: 3, batchSize: 0 },
    };
    const { message } = (await parseRecipe(wrong, 'x').catch((error) => error)) as Error;
    for (const field of ['seed', 'dense.batchSize', 'epoch', 'data.augment.0'])
      expect(message).toContain(field);
  });

  test('a checkpoint of another model', async () => {
    const json = JSON.parse(await readFile(at('run', 'dense', 'model.json'), 'utf8'));
    await mkdir(at('mixed'));
    await writeFile(
      at('mixed', 'model.json'),
      JSON.stringify({ ...json, config: { ...json.config, depth: 3 } }),
    );
    await writeFile(
      at('mixed', 'model.safetensors'),
      await readFile(at('run', 'dense', 'model.safetensors')),
    );
    const { err } = await kcr('eval', at('mixed'), '--data', at('data', 'test'));
    expect(err).toMatch(/STATE_DICT/);
    expect(err).toMatch(/12 missing: blocks\.2\.norm1\.weight/);
  });
});

test('the recipes that come with the command are valid', async () => {
  for (const [name, input] of Object.entries(recipes))
    expect((await parseRecipe(input, name)).name).toBe(name);
});
