import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createModel } from '@kcr/backbones';
import {
  compileInference,
  type Model,
  plainPreprocessing,
  prune,
  pruneState,
  writeSafetensors,
} from '@kcr/core';
import { createOnnxEngine } from '@kcr/onnx';
import { writeTimmFolder } from '@kcr/pretrained';
import { expect, test } from 'vitest';
import { channelsFirst } from './channels-first.ts';
import { variedWeights } from './export-cases.ts';
import { noise } from './helpers.ts';

const python = process.env.PYTHON ?? 'python3';
const hasTimm = spawnSync(python, ['-c', 'import timm, safetensors.torch']).status === 0;
const script = fileURLToPath(new URL('check_timm.py', import.meta.url));

const vit = { img_size: 32, patch_size: 8, embed_dim: 24, num_heads: 3, depth: 2, num_classes: 5 };
const swin = { img_size: 64, embed_dim: 12, depths: [2, 2], num_heads: [2, 4], num_classes: 5 };
const convolutional = { img_size: 64, num_classes: 5 };

/** Models that timm builds: a dense one of every family, and what its options change. */
const dense: Readonly<Record<string, () => Model>> = {
  vit: () => createModel('vit_tiny_patch16_224', vit),
  deit: () => createModel('deit_tiny_patch16_224', { ...vit, img_size: [32, 48] }),
  distilled: () => createModel('deit_tiny_distilled_patch16_224', vit),
  deit3: () => createModel('deit3_small_patch16_224', vit),
  registers: () =>
    createModel('vit_tiny_patch16_224', {
      ...vit,
      reg_tokens: 2,
      class_token: false,
      global_pool: 'avg',
      qkv_bias: false,
      pre_norm: true,
    }),
  swin: () => createModel('swin_tiny_patch4_window7_224', swin),
  'swin of other heads and windows': () =>
    createModel('swin_tiny_patch4_window7_224', { ...swin, head_dim: 4, window_size: 5 }),
  mobilevit: () => createModel('mobilevit_xxs', convolutional),
  efficientvit: () => createModel('efficientvit_b0', convolutional),
  'vit, features': () => createModel('vit_tiny_patch16_224', { ...vit, num_classes: 0 }),
  'mobilevit, features': () => createModel('mobilevit_xxs', { ...convolutional, num_classes: 0 }),
  'efficientvit, features': () =>
    createModel('efficientvit_b0', { ...convolutional, num_classes: 0 }),
  'efficientvit of other widths': () =>
    createModel('efficientvit_b0', {
      ...convolutional,
      widths: [4, 8, 16, 16, 16],
      depths: [1, 1, 1, 2, 1],
      head_dim: 8,
      head_widths: [32, 40],
    }),
};

/** 5 hidden channels of 8 of all MLPs. */
function pruned(model: Model): Model {
  const hidden = [...model.dims.values()].filter(({ name }) => name.endsWith('mlp.hidden'));
  const kept = ({ full }: { full: number }) =>
    Array.from({ length: full }, (_, i) => i).filter((i) => (i * 5) % 8 < 5);
  return prune(model, Object.fromEntries(hidden.map((dim) => [dim.name, kept(dim)])));
}

const compact = ['vit', 'distilled', 'swin'];

/** Writes a timm folder, and beside it images with the engine's logits. */
async function write(folder: string, name: string, isCompact: boolean): Promise<Model> {
  const whole = dense[name]!();
  const model = isCompact ? pruned(whole) : whole;
  const weights = pruneState(whole, model, variedWeights(whole));
  const path = join(folder, isCompact ? `${name}, compact` : name);
  const info = {
    classes: Array.from({ length: model.classes }, (_, i) => `class ${i}`),
    input: { ...plainPreprocessing(model.inputShape), mean: [0.5, 0.4, 0.3], crop_pct: 0.8 },
  };
  await writeTimmFolder(path, { model, weights, info });
  await using engine = createOnnxEngine();
  engine.set(weights);
  await using inference = compileInference(engine, model);
  const image = noise([2, ...model.inputShape], 1);
  const { logits } = await inference({ image });
  const tensors = { logits: logits!, pixel_values: channelsFirst(image) };
  await writeSafetensors(`${path}.safetensors`, { tensors, metadata: {} });
  return model;
}

// `PYTHON=... npm test -- tools/integration/src/python-timm.test.ts`, where that Python has timm and safetensors.
test.skipIf(!hasTimm)(
  'timm loads every folder, gives the same logits, and takes the weights for other classes',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kcr-timm-'));
    try {
      const models: Record<string, Model> = {};
      for (const name of Object.keys(dense)) models[name] = await write(folder, name, false);
      for (const name of compact) models[`${name}, compact`] = await write(folder, name, true);
      const { stdout, stderr, status } = spawnSync(python, [script, folder], {
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
      });
      expect(status, stderr).toBe(0);
      const lines = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(lines.map(({ name }) => name).sort()).toEqual(Object.keys(models).sort());
      for (const { name, difference, ...said } of lines) {
        expect(difference, name).toBeLessThan(1e-5);
        const [height, width, channels] = models[name]!.inputShape;
        expect(said, name).toEqual({
          input_size: [channels, height, width],
          mean: [0.5, 0.4, 0.3],
          crop_pct: 0.8,
          lost: [],
        });
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  600_000,
);
