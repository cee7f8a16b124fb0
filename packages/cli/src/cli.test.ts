import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator, writeSafetensors } from '@kcr/core';
import { parseRecipe } from '@kcr/pipeline';
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
        'aTnn',
        'aKc',
        'landmarks',
        'trainImages',
        'iXtX',
        'iXtY',
        'ib',
      ]);
    expect(summary.compact.macs).toBeLessThanOrEqual(0.85 * summary.dense.macs);
    expect(summary.compact.params).toBeLessThan(summary.dense.params);
  });

  test('a name is one number in the log and in the summary: TNN and KC are of all training images', async () => {
    const { compact } = JSON.parse(await readFile(at('run', 'summary.json'), 'utf8'));
    const lines = (await readFile(at('run', 'compact', 'metrics.jsonl'), 'utf8'))
      .trim()
      .split('\n');
    const last = JSON.parse(lines.at(-1)!);
    for (const name of ['tnn', 'kc']) expect(last[name]).toBeCloseTo(compact[name], 5);
    expect([compact.landmarks, compact.trainImages]).toEqual([16, 24]);
    for (const { kc, aKc, tnn, aTnn } of [compact, last]) {
      expect(aKc).toBeGreaterThanOrEqual(kc);
      expect(aTnn).toBeGreaterThanOrEqual(tnn);
    }
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
    // Three models, in the table of costs and in that of the features.
    expect(await page.locator('table:not(.pictures) tbody tr').count()).toBe(3 * 2);
    const pictures = page.locator('.pictures img');
    // The images, for each of three models Grad-CAM and attention, and under the images again what is folded away.
    expect(await pictures.count()).toBe(1 + 3 * 2 + 1 + 3 * 3);
    for (const summary of await page.locator('summary').all()) await summary.click();
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
    expect(existsSync(at('pruning', 'pictures', 'tokens-compact.png'))).toBe(true);
    const report = await readFile(at('pruning', 'report.html'), 'utf8');
    for (const title of ['Channels left in each block', 'tokens that are left: compact'])
      expect(report).toContain(title);
    const inspected = await kcr('inspect', at('pruning', 'compact'));
    expect(inspected.code).toBe(0);
    expect(inspected.out).toContain('none: tokens are taken out');
    const again = await run();
    expect(again.err).not.toMatch(/epoch|prune:/);
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

describe('what is wrong is said, with exit code 1', () => {
  const cases: [string, () => string[]][] = [
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
