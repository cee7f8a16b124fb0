import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { packages } from '../../boundaries/boundaries.mjs';
import { compile, examplesOf, type Outcome, repository, runAll } from './examples.ts';
import { emptyFolder, run } from './registry.ts';

/** Who may import whom. */
const imports: Readonly<Record<string, readonly string[]>> = packages;
const names = Object.keys(imports);
const registry = inject('registry');

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
  testing: {
    source: `import { type Check, checkText } from '@kcr/testing';
      const check: Check = { check: 'macs', ok: true, found: '1', expected: '', where: '', skipped: false };
      if (checkText(check) !== '  holds     macs: 1') throw new Error('testing');`,
  },
  mpi: {
    source: `import { type MpiPlace, mpiPlace } from '@kcr/mpi';
      const place: MpiPlace | undefined = mpiPlace({ PMI_RANK: '1', PMI_SIZE: '2' });
      if (place?.rank !== 1 || place.size !== 2) throw new Error('mpi');`,
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
    source: `import { defineRecipe, loadSweep, type RecipeInput, recipes, taskKits } from '@kcr/pipeline';
      const recipe: RecipeInput = defineRecipe(recipes['kcr-vit-small']!);
      if (recipe.name !== 'kcr-vit-small' || !taskKits.classification) throw new Error('pipeline');
      if ((await loadSweep('kcr-eurosat')).sweep.folds?.count !== 3) throw new Error('sweeps');`,
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

/** The examples of each package's page. */
const examples = new Map(
  await Promise.all(
    names.map(async (name) => [name, await examplesOf(`packages/${name}/README.md`)] as const),
  ),
);

/** The line by which a package's page says to install it. */
async function lineOf(name: string): Promise<string> {
  const page = await readFile(join(repository, `packages/${name}/README.md`), 'utf8');
  return /^(?:\w+=\w+ )?npm install .*$/m.exec(page)![0];
}

/** Where the images are that examples read, as a reader's own. */
const bringImages = async (folder: string) => {
  await mkdir(join(folder, 'tools'));
  await symlink(join(repository, 'tools/data'), join(folder, 'tools/data'));
};

/** What an example must have done: nothing against it, and something said. */
const asWritten = (): Outcome => ({ said: expect.stringMatching(/./), complained: '', error: '' });

let root: string;
/** A folder with all packages, in which pnpm shows each package what its package.json names and nothing else. */
let strict: string;
let complaints: Readonly<Record<'node16' | 'bundler', readonly string[]>>;
let used: readonly Outcome[];
/** What each example did, by its program. */
let shown: ReadonlyMap<string, Outcome>;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kcr-install-'));
  strict = await emptyFolder(root, 'strict', registry);
  await bringImages(strict);
  const pnpm = join(repository, 'node_modules/.bin/pnpm');
  await run(strict, pnpm, 'add', '--ignore-scripts', ...names.map((name) => `@kcr/${name}`));
  for (const name of names) {
    await writeFile(join(strict, `use-${name}.mts`), uses[name]!.source);
    for (const { source, code } of examples.get(name)!) await writeFile(join(strict, source), code);
  }
  const sources = names.flatMap((name) => [
    `use-${name}.mts`,
    ...examples.get(name)!.map(({ source }) => source),
  ]);
  complaints = {
    bundler: await compile(strict, sources, 'bundler'),
    node16: await compile(strict, sources),
  };
  used = await runAll(
    strict,
    names.map((name) => `out/use-${name}.mjs`),
  );
  const programs = [...examples.values()].flat().map(({ program }) => program);
  const outcomes = await runAll(strict, programs);
  shown = new Map(programs.map((program, i) => [program, outcomes[i]!]));
});
afterAll(() => rm(root, { recursive: true }));

test('every package is checked, and those that are libraries have an example', async () => {
  expect(Object.keys(uses).sort()).toEqual((await readdir(join(repository, 'packages'))).sort());
  expect(names.filter((name) => examples.get(name)!.length === 0)).toEqual(['cli']);
});

describe.each(names)('%s', (name) => {
  test('works with what it asks for, with its types, and its page is right', () => {
    const files = [`use-${name}.`, `packages-${name}-README`];
    for (const lines of Object.values(complaints))
      expect(lines.filter((line) => files.some((file) => line.startsWith(file)))).toEqual([]);
    expect(used[names.indexOf(name)]!.error).toBe('');
    const own = examples.get(name)!;
    expect(own.map(({ program }) => shown.get(program))).toEqual(own.map(asWritten));
  });

  test('its page says to install what its examples import', async () => {
    const line = await lineOf(name);
    const imported = examples
      .get(name)!
      .flatMap(({ code }) =>
        [...code.matchAll(/ from '(@kcr\/[\w-]+)/g)].map((match) => match[1]!),
      );
    expect(line.split(' ')).toEqual(expect.arrayContaining([...new Set(imported)]));
    // Without it the installation of ONNX Runtime downloads what GPUs need.
    const installed = line.match(/(?<=@kcr\/)[\w-]+/g)!;
    const runtime = installed.some((one) => one === 'onnx' || needsOf(one).includes('onnx'));
    expect(line.startsWith('ONNXRUNTIME_NODE_INSTALL=skip ')).toBe(runtime);
  });
});

/**
 * Packages that are installed by npm, by the line on their page and in a folder of their own: one of each kind. All of them are
 * with KCR_INSTALLS=all, which takes some minutes more; what others need is seen above.
 */
const alone =
  process.env.KCR_INSTALLS === 'all' ? names : ['cli', 'core', 'data', 'masks', 'pretrained'];

test.each(alone)('%s is installed by the line on its page, and its examples run', async (name) => {
  const folder = await emptyFolder(root, `alone-${name}`, registry);
  const line = await lineOf(name);
  await run(folder, 'sh', '-c', line);
  const installed = line.match(/(?<=@kcr\/)[\w-]+/g)!;
  const expected = new Set(installed.flatMap((one) => [one, ...needsOf(one)]));
  expect(await readdir(join(folder, 'node_modules/@kcr'))).toEqual([...expected].sort());
  // None is there twice.
  const files = await readdir(join(folder, 'node_modules'), { recursive: true });
  expect(files.filter((path) => /node_modules\/@kcr\/[\w-]+$/.test(path))).toEqual([]);

  await bringImages(folder);
  await mkdir(join(folder, 'out'));
  const own = examples.get(name)!.map(({ program }) => program);
  for (const program of own) await cp(join(strict, program), join(folder, program));
  expect(own.length > 0 ? await runAll(folder, own) : []).toEqual(own.map(asWritten));
  if (name === 'cli')
    expect(await run(folder, 'npx', 'kcr', 'inspect', 'deit_tiny_patch16_224', '--json')).toContain(
      '5717416',
    );
});
