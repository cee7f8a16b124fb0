import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kcr } from './testing.ts';

let root: string;
const at = (...parts: string[]) => join(root, ...parts);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kcr-trust-'));
  await writeFile(at('payload.mjs'), 'export const architectures = {};');
  const file = {
    format: 'kcr-model',
    version: 1,
    architecture: { module: at('payload.mjs'), name: 'vit' },
    config: {},
    kept: {},
    classes: ['a'],
    normalization: { mean: [0], std: [1] },
  };
  await writeFile(at('model.json'), JSON.stringify(file));
  await writeFile(at('x.png'), '');
});
afterAll(() => rm(root, { recursive: true }));

test.each<[string, () => string[]]>([
  ['eval', () => [root, '--data', root]],
  ['predict', () => [at('x.png'), '--model', root, '--out', at('out')]],
  ['prune', () => [root, '--data', root, '--out', at('out'), '--budget', '0.5']],
  ['export', () => [root, '--out', at('x.onnx')]],
  ['inspect', () => [root]],
])('kcr %s runs the code of a checkpoint only where --trust names it', async (command, args) => {
  for (const trust of [[], ['--trust', 'payload.mjs', '--trust', at('other.mjs')]]) {
    const { err, code } = await kcr(command, ...args(), ...trust);
    expect(err).toContain('kcr: CHECKPOINT_TRUST\n');
    expect(err).toContain(`--trust ${at('payload.mjs')}`);
    expect(code).toBe(1);
  }
  const named = ['--trust', 'other', '--trust', at('payload.mjs')];
  const { err } = await kcr(command, ...args(), ...named);
  expect(err).toContain('kcr: ARCHITECTURE_UNKNOWN\n');
});
