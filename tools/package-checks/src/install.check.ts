import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packages } from '../../boundaries/boundaries.mjs';

/** Who may import whom. */
const imports: Readonly<Record<string, readonly string[]>> = packages;

/** The packages that come with one: those that it may import, and theirs. */
const needsOf = (name: string): string[] => [
  ...new Set((imports[name] ?? []).flatMap((own) => [own, ...needsOf(own)])),
];

/** What a user of one package alone would write first. */
const uses: Record<string, { source: string }> = {
  core: {
    source: `import { Generator, type Engine, createEagerEngine, tf } from '@kcr/core';
      const engine: Engine = await createEagerEngine();
      engine.set({ a: { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) } });
      const step = engine.compile('sum', ({ state }) => ({ outputs: { sum: tf.sum(state('a')) } }));
      if ((await step()).sum!.data[0] !== 3 || new Generator(1).uniform() > 1) throw new Error('core');`,
  },
  onnx: {
    source: `import { tf } from '@kcr/core';
      import { createOnnxEngine, type OnnxEngineOptions } from '@kcr/onnx';
      const options: OnnxEngineOptions = { device: 'cpu' };
      const engine = createOnnxEngine(options);
      engine.set({ a: { dtype: 'float32', shape: [2], data: Float32Array.of(1, 2) } });
      const step = engine.compile('sum', ({ state }) => ({ outputs: { sum: tf.sum(state('a')) } }));
      if ((await step()).sum!.data[0] !== 3) throw new Error('onnx');`,
  },
  backbones: {
    source: `import { createModel } from '@kcr/backbones';
      const params: number = createModel('deit_tiny_patch16_224').parameterCount;
      if (params !== 5717416) throw new Error('backbones');`,
  },
  pretrained: {
    source: `import { loadPretrained, type PretrainedOptions } from '@kcr/pretrained';
      const options: PretrainedOptions = { model: 'deit_tiny_patch16_224', classes: ['a', 'b'] };
      const error = await loadPretrained('nowhere', options).catch((e: { code: string }) => e);
      if (!('code' in error) || error.code !== 'CHECKPOINT_READ') throw new Error('pretrained');`,
  },
  features: {
    source: `import { Generator } from '@kcr/core';
      import { type Features, kMeansPlusPlus, rows } from '@kcr/features';
      const features: Features = { n: 3, d: 1, data: [0, 1, 5] };
      const chosen = kMeansPlusPlus(features, 3, new Generator(0));
      if (Array.from(rows(features, chosen.sort()).data).join() !== '0,1,5') throw new Error('features');`,
  },
  masks: {
    source: `import { gumbelMasks, type GumbelMasksOptions, qkMask } from '@kcr/masks';
      const options: GumbelMasksOptions = { lambda: 0.3 };
      if (gumbelMasks(options).contract !== 1 || qkMask({}).module !== '@kcr/masks') throw new Error('masks');`,
  },
  nystrom: {
    source: `import { gramSpectrum, kcrNystrom } from '@kcr/nystrom';
      const values: Float64Array = gramSpectrum({ n: 2, d: 2, data: [1, 0, 0, 1] });
      if (values[0] !== 0.5 || kcrNystrom({ eta: 1 }).name !== 'kcr-nystrom') throw new Error('nystrom');`,
  },
  'ib-bound': {
    source: `import { ibBound, type IbBoundOptions, mutualInformation } from '@kcr/ib-bound';
      const options: IbBoundOptions = { eta: 1 };
      const nats: number = mutualInformation(Float64Array.of(0.5, 0, 0, 0.5), 2, 2);
      if (ibBound(options).name !== 'ib-bound' || Math.abs(nats - Math.LN2) > 1e-12) throw new Error('ib-bound');`,
  },
  criteria: {
    source: `import { magnitude, type TaylorOptions, taylor } from '@kcr/criteria';
      const options: TaylorOptions = { form: 'sumOfSquares' };
      if (taylor(options).name !== 'taylor' || magnitude({}).name !== 'magnitude') throw new Error('criteria');`,
  },
  lfc: {
    source: `import { lfs, type LfsOptions, lowPassMatrix } from '@kcr/lfc';
      const options: LfsOptions = { sigma: 0.1 };
      if (lfs(options).name !== 'lfs' || lowPassMatrix(4, 1).shape[0] !== 4) throw new Error('lfc');`,
  },
  distill: {
    source: `import { distillation, type Teacher } from '@kcr/distill';
      const teacher: Teacher = { logits: { dtype: 'float32', shape: [1, 2], data: Float32Array.of(0, 1) } };
      if (distillation({ teacher }).name !== 'distillation') throw new Error('distill');`,
  },
  explain: {
    source: `import { gradCam, type GradCamOptions, histogram } from '@kcr/explain';
      const options: GradCamOptions = { classes: Int32Array.of(0) };
      if (typeof gradCam !== 'function' || !options || histogram([1], 2, 2)[1]!.share !== 1) throw new Error('explain');`,
  },
  detect: {
    source: `import { cocoEvaluate, type CocoSummary } from '@kcr/detect';
      const summary: CocoSummary = cocoEvaluate([], [], [1], [1]);
      if (summary.AP !== -1) throw new Error('detect');`,
  },
  page: {
    source: `import { type Page, writePage } from '@kcr/page';
      const page: Page = { title: 't', task: 'classification', classes: [], models: [], images: [], version: '1', files: {} };
      const { bytes } = await writePage('web', page);
      if (bytes < 4e7) throw new Error('page');`,
  },
  data: {
    source: `import { horizontalFlip, type Pixels, pixelSource } from '@kcr/data';
      const source = pixelSource(Uint8Array.of(1, 2), [1, 2, 1], Int32Array.of(0));
      const pixels: Pixels = await source.pixels(0);
      if (pixels.data[1] !== 2 || typeof horizontalFlip() !== 'function') throw new Error('data');`,
  },
  pipeline: {
    source: `import { defineRecipe, type RecipeInput, recipes, taskKits } from '@kcr/pipeline';
      const recipe: RecipeInput = defineRecipe(recipes['kcr-vit-small']!);
      if (recipe.name !== 'kcr-vit-small' || !taskKits.classification) throw new Error('pipeline');`,
  },
  cli: {
    source: `import { program } from '@kcr/cli';
      if (program().name() !== 'kcr') throw new Error('cli');`,
  },
  'create-plugin': {
    source: `import { createPlugin, type CreatePluginOptions } from '@kcr/create-plugin';
      const options: CreatePluginOptions = { kind: 'plugin', name: 'centre-loss' };
      const { source } = await createPlugin(options);
      if (source !== 'src/centre-loss.ts') throw new Error('create-plugin');`,
  },
};

const root = resolve(import.meta.dirname, '../../..');
const run = (folder: string, command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

let folder: string;
const tarballs: Record<string, string> = {};
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kcr-install-'));
  for (const name of Object.keys(uses))
    run(join(root, 'packages', name), 'npm', 'pack', '--pack-destination', folder);
  for (const file of await readdir(folder))
    tarballs[/^kcr-(.+)-\d/.exec(file)![1]!] = join(folder, file);
});
afterAll(() => rm(folder, { recursive: true }));

test('every package is checked', async () => {
  expect(Object.keys(uses).sort()).toEqual((await readdir(join(root, 'packages'))).sort());
});

test.each(Object.entries(uses))(
  '%s installs alone and works, with its types',
  async (name, { source }) => {
    const needs = needsOf(name);
    const place = join(folder, `use-${name}`);
    await mkdir(place);
    const installed = [name, ...needs].map((part) => [`@kcr/${part}`, `file:${tarballs[part]}`]);
    await writeFile(
      join(place, 'package.json'),
      JSON.stringify({
        private: true,
        type: 'module',
        dependencies: Object.fromEntries(installed),
      }),
    );
    await writeFile(join(place, '.npmrc'), 'ignore-scripts=true\n');
    run(place, 'npm', 'install', '--no-audit', '--no-fund');
    expect((await readdir(join(place, 'node_modules', '@kcr'))).sort()).toEqual(
      [name, ...needs].sort(),
    );
    await writeFile(join(place, 'use.mts'), source);
    for (const resolution of ['node16', 'bundler'])
      run(
        place,
        join(root, 'node_modules/.bin/tsc'),
        ...[
          '--strict',
          '--target',
          'es2022',
          '--lib',
          'es2023,dom',
          '--types',
          'node',
          '--typeRoots',
          join(root, 'node_modules/@types'),
        ],
        ...[
          '--skipLibCheck',
          '--module',
          resolution === 'node16' ? 'node16' : 'esnext',
          '--moduleResolution',
          resolution,
          '--outDir',
          resolution,
          'use.mts',
        ],
      );
    run(place, process.execPath, 'node16/use.mjs');
    if (name === 'cli')
      expect(
        run(place, 'node_modules/.bin/kcr', 'inspect', 'deit_tiny_patch16_224', '--json'),
      ).toContain('5717416');
  },
);
