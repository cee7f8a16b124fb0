import { Generator, plainPreprocessing, weightsDigest } from '@kcr/core';
import { expect, test } from 'vitest';
import { exportCheckpoint, exportMetadata } from './export-checkpoint.ts';
import { findModel } from './find-model.ts';

test('a file says what it is', async () => {
  const model = await findModel('vit_tiny_patch16_224', {
    img_size: 8,
    patch_size: 4,
    embed_dim: 12,
    depth: 1,
    num_heads: 3,
    num_classes: 2,
  });
  const weights = model.initialize(new Generator(0));
  const info = { classes: ['cat', 'dog'], input: plainPreprocessing(model.inputShape) };
  const metadata = await exportMetadata({ model, weights, info });
  expect(metadata).toEqual({
    architecture: 'vit',
    task: 'classification',
    labels: '["cat","dog"]',
    preprocessing: JSON.stringify(info.input),
    macs: String(model.macs.total),
    weights_sha256: weightsDigest(weights),
    kcr_version: expect.stringMatching(/^\d+\.\d+\.\d+/),
  });
  const text = Buffer.from(await exportCheckpoint({ model, weights, info })).toString('latin1');
  for (const [key, value] of Object.entries(metadata)) {
    expect(text).toContain(key);
    expect(text).toContain(value);
  }
});
