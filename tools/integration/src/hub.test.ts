import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel } from '@kcr/backbones';
import { encodeSafetensors, Generator } from '@kcr/core';
import { encode } from 'fast-png';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { kcrInProcess } from '../../cases/src/in-process.ts';
import { COMMIT, LocalHub } from './local-hub.ts';
import { timmConfig } from './timm-config.ts';

// Every command that takes a checkpoint takes a name on the hub; here of a server on this machine that answers as the hub does.

const NAME = 'vit_tiny_patch16_224';
const small = { img_size: 8, patch_size: 4, embed_dim: 8, depth: 1, num_heads: 2, num_classes: 2 };
const model = createModel(NAME, small);
const config = timmConfig(NAME, small, ['dark', 'light']);
const weights = encodeSafetensors({
  tensors: model.initialize(new Generator(1)),
  metadata: { format: 'pt' },
});

/** Two grey images of 8 px of each class. */
async function writeImages(folder: string): Promise<void> {
  for (const [label, grey] of Object.entries({ dark: 30, light: 200 })) {
    await mkdir(join(folder, label), { recursive: true });
    const data = new Uint8Array(8 * 8 * 3).fill(grey);
    const png = encode({ height: 8, width: 8, channels: 3, depth: 8, data });
    for (const i of [0, 1]) await writeFile(join(folder, label, `${i}.png`), png);
  }
}

let root: string;
let hub: LocalHub;
const at = (...parts: string[]) => join(root, ...parts);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kcr-hub-'));
  await writeImages(at('data'));
  for (const part of ['train', 'test']) await writeImages(at('splits', part));
  hub = await LocalHub.open({
    'timm/tiny': {
      files: {
        'config.json': { bytes: Buffer.from(JSON.stringify(config)) },
        'model.safetensors': { bytes: weights, lfs: true },
      },
    },
  });
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  vi.stubEnv('HF_HUB_CACHE', at('cache'));
  vi.stubEnv('HF_TOKEN', '');
  vi.stubEnv('HF_HUB_OFFLINE', '');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await hub[Symbol.asyncDispose]();
  await rm(root, { recursive: true });
});
beforeEach(() => {
  hub.seen.length = 0;
});

const SOURCE = 'hf://timm/tiny';

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { out, err, code } = await kcrInProcess([...args, '--json']);
  expect([err, code]).toEqual([err, 0]);
  return JSON.parse(out);
}

test('kcr import writes a checkpoint folder of it, and shows the download', async () => {
  const out = at('imported');
  const { out: said, err, code } = await kcrInProcess(['import', SOURCE, '--out', out, '--json']);
  expect([code, err.split('\n')]).toEqual([
    0,
    [
      expect.stringMatching(/^hf:\/\/timm\/tiny, config.json: (0\.\d) of \1 kB$/),
      expect.stringMatching(/^hf:\/\/timm\/tiny, model.safetensors: (\d+\.\d) of \1 kB$/),
      'hf://timm/tiny: 20 of 20 arrays taken',
      '',
    ],
  ]);
  const names = model.params.map(({ name }) => name);
  expect(JSON.parse(said)).toEqual({ taken: names, drawn: [], resized: [], left: [], choices: [] });
  const { classes, input } = JSON.parse(await readFile(join(out, 'model.json'), 'utf8'));
  expect({ classes, input }).toMatchObject({
    classes: ['dark', 'light'],
    input: { crop_pct: 0.9, mean: [0.5, 0.5, 0.5] },
  });
});

test('kcr eval and inspect read it as the folder that was imported', async () => {
  const data = ['--data', at('data')];
  const found = await json('eval', SOURCE, ...data);
  expect(hub.seen.map(({ path }) => path.split('?')[0])).toEqual([
    '/api/models/timm/tiny/revision/main',
  ]);
  expect(found).toEqual(await json('eval', at('imported'), ...data));
  const pinned = `${SOURCE}@${COMMIT}`;
  expect(await json('inspect', pinned)).toEqual(await json('inspect', at('imported')));
  expect(hub.seen).toHaveLength(1);
});

test('kcr export, predict, prune and features read it too', async () => {
  expect((await json('export', SOURCE, '--out', at('m.onnx'))).input).toEqual(['batch', 3, 8, 8]);
  const images = await json(
    'predict',
    at('data', 'dark'),
    '--model',
    SOURCE,
    '--out',
    at('predicted'),
  );
  expect(images.images).toHaveLength(2);
  const features = await json('features', SOURCE, '--data', at('data'), '--out', at('f.st'));
  expect(features).toMatchObject({ n: 4, d: 8 });
  const how = ['--criterion', 'magnitude', '--allocator', 'uniform', '--budget', '0.8'];
  const pruned = await json('prune', SOURCE, '--data', at('data'), '--out', at('pruned'), ...how);
  expect(pruned.macsShare).toBeLessThan(1);
});

test('kcr compress starts from it, and learns from it', async () => {
  const recipe = at('recipe.json');
  const training = { epochs: 1, batchSize: 2, optimizer: { lr: 1e-3 } };
  const given = { name: NAME, config: small };
  const content = { name: 'tiny', model: given, data: {}, dense: training, retrain: training };
  await writeFile(recipe, JSON.stringify({ ...content, complexity: { rank: 1, landmarks: 2 } }));
  const args = ['compress', recipe, '--data', at('splits'), '--out', at('run')];
  const summary = await json(...args, '--weights', SOURCE, '--teacher', SOURCE);
  expect(Object.keys(summary)).toEqual(['dense', 'compact']);
  expect(summary.dense).toMatchObject({ params: model.parameterCount });
});

test('kcr eval runs no code that a repository names', async () => {
  const folder = at('imported');
  const text = await readFile(join(folder, 'model.json'), 'utf8');
  const bytes = await readFile(join(folder, 'model.safetensors'));
  const named = Buffer.from(text.replaceAll('@kcr/backbones', './payload.mjs'));
  hub.repositories['me/own'] = {
    files: { 'model.json': { bytes: named }, 'model.safetensors': { bytes, lfs: true } },
  };
  const { err, code } = await kcrInProcess(['eval', 'hf://me/own', '--data', at('data')]);
  expect([code, err]).toEqual([1, expect.stringContaining('kcr: CHECKPOINT_TRUST')]);
  expect(err).toContain('where: hf://me/own, model.json');
});

test('what the hub has not is an error as others', async () => {
  const { out, err, code } = await kcrInProcess(['eval', 'hf://timm/none', '--data', at('data')]);
  expect([out, code]).toEqual(['', 1]);
  expect(err).toMatch(
    /^kcr: HUB_ACCESS\n {2}where: hf:\/\/timm\/none\n {2}found: no such repository/,
  );
});
