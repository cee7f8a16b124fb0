import { fileURLToPath } from 'node:url';
import { createEagerEngine, type Engine } from '@kcr/core';
import { createOnnxEngine } from '@kcr/onnx';
import { describe, expect, test } from 'vitest';
import { runAdamWCase } from './adamw.ts';
import { readCases, runCase } from './cases.ts';

const fixtures = (name: string) =>
  fileURLToPath(new URL(`../../../packages/${name}/fixtures`, import.meta.url));
const cases = await readCases(fixtures('backbones'));

describe.each<[string, () => Promise<Engine>]>([
  ['onnx', async () => createOnnxEngine()],
  ['wasm', () => createEagerEngine({ backend: 'wasm' })],
  ['cpu', () => createEagerEngine({ backend: 'cpu' })],
])('%s', (_, makeEngine) => {
  test.each(cases.map((reference) => [reference.name, reference] as const))(
    '%s',
    async (_name, reference) => {
      const engine = await makeEngine();
      const errors = await runCase(reference, engine);
      for (const [kind, error] of Object.entries(errors)) expect(error, kind).toBeLessThan(2e-5);
      await engine.dispose();
    },
  );
  test('AdamW with its schedule and moving average', async () => {
    const engine = await makeEngine();
    const errors = await runAdamWCase(fixtures('core'), 'adamw', engine);
    for (const [kind, error] of Object.entries(errors)) expect(error, kind).toBeLessThan(1e-5);
    await engine.dispose();
  });
});
