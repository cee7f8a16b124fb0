// npm run pruning -- --data FOLDER [--seeds 3] [--epochs 4]: prunes one dense ViT per seed with every criterion and
// token method, before and after fine-tuning; prints tables in Markdown and writes runs/pruning/report.html.
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { architectures, createModel } from '@kcr/backbones';
import {
  type Adapter,
  accuracyOf,
  adapt,
  budget as budgetOf,
  type Criterion,
  classification,
  type Dataset,
  defineCriterion,
  fit,
  Generator,
  KcrError,
  loadModel,
  type Model,
  type PrunedModel,
  pruneTrained,
  type Scores,
  saveModel,
} from '@kcr/core';
import { evit, magnitude, ntkSap, random, slim, taylor, tome } from '@kcr/criteria';
import { imageDataset, imageFolder, saltAndPepper } from '@kcr/data';
import { distillation } from '@kcr/distill';
import { bottomUpCascade, lfe, lfs } from '@kcr/lfc';
import { createOnnxEngine } from '@kcr/onnx';
import {
  figuresHtml,
  labelled,
  lineChart,
  loadOptimizer,
  loadRecipe,
  page,
  recipeData,
} from '@kcr/pipeline';
import { markdownTable } from '../../experiments/src/markdown-table.ts';
import { spread } from './spread.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    seeds: { type: 'string', default: '3' },
    epochs: { type: 'string', default: '4' },
  },
});
if (!values.data)
  throw new Error('usage: npm run pruning -- --data FOLDER [--seeds 3] [--epochs 4]');
const OUT = join('runs', 'pruning');
const dims = ['qk', 'v', 'hidden'];
const budgets = [0.7, 0.5, 0.3];
const tokenBudget = 0.7;
const densities = [0, 0.02, 0.05, 0.1];
const criteria: Readonly<Record<string, Criterion>> = {
  random: random({}),
  'magnitude, L1': magnitude({ norm: 1 }),
  'magnitude, L2': magnitude({}),
  'Taylor (NViT), square of sum': taylor({}),
  'Taylor, sum of squares': taylor({ form: 'sumOfSquares' }),
  'NTK-SAP': ntkSap({}),
  'ViT-Slim gates': slim({}),
  LFS: lfs({}),
  "LFS, the code's form": lfs({ form: 'code' }),
};
/** The criteria whose models are tried on noisy images. */
const noisy = ['random', 'magnitude, L2', 'Taylor (NViT), square of sum', 'LFS'];

const recipe = await loadRecipe('lfc-vit-eurosat');
const { dense: denseSettings, retrain, model: named } = recipe;
if (recipe.prune?.method !== 'bottom-up-cascade') throw new Error('a recipe of VTC-LFC');
const { epsilon, rho } = recipe.prune;
const whole = createModel(named.name, named.config);
// ImageNet's, where the recipe has the model's own: the tables were made with it.
const normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const data = { ...recipe.data, normalization };
const sets = await recipeData({ ...recipe, data }, { root: values.data });
const [train, test] = [sets.train, sets.test].map((set) => labelled(set, classification)) as [
  Dataset,
  Dataset,
];

/** The test images with noise, the same in every run. */
async function withNoise(density: number): Promise<Dataset> {
  const data = imageDataset(
    await imageFolder(join(values.data!, 'test'), { size: whole.inputShape[0] }),
    {
      normalization,
      augment: [saltAndPepper(density)],
    },
  );
  return { ...data, batch: (indices) => data.batch(indices, new Generator(17)) };
}

/** Runs something with an engine of its own. */
async function withEngine<T>(run: (engine: ReturnType<typeof createOnnxEngine>) => Promise<T>) {
  await using engine = createOnnxEngine();
  return await run(engine);
}

const top1 = (candidate: PrunedModel, data = test) =>
  withEngine((engine) => accuracyOf(engine, candidate, data, 100));

/** A dense model, trained once for each seed. */
async function denseModel(seed: number): Promise<PrunedModel> {
  const directory = join(OUT, `dense-${seed}`);
  if (!existsSync(join(directory, 'done'))) {
    const { plugins: _, initial: __, ...settings } = denseSettings!;
    const optimizer = await loadOptimizer(settings.optimizer);
    const { weights } = await withEngine((engine) =>
      fit({ ...settings, optimizer, model: whole, engine, train, seed }),
    );
    await saveModel(directory, whole, weights, { classes: train.classes, input: test.input! });
    await writeFile(join(directory, 'done'), '');
  }
  return loadModel(directory, {
    architecture: (_, name) => architectures[name]!,
    adapter: () => {
      throw new Error('a dense model has no adapters');
    },
  });
}

/** Trains a pruned model with the dense one as teacher. */
async function fineTuned({ model, weights }: PrunedModel, teacher: PrunedModel, seed: number) {
  const { plugins: _, ...settings } = retrain;
  const { kind, weight } = recipe.distillation;
  const optimizer = await loadOptimizer(settings.optimizer);
  const tuned = await withEngine((engine) =>
    fit({
      ...settings,
      optimizer,
      epochs: Number(values.epochs),
      model,
      engine,
      train,
      seed,
      initial: weights,
      plugins: [distillation({ teacher, kind, weight })],
    }),
  );
  return { model, weights: tuned.weights };
}

interface Result {
  before: number;
  after: number;
  macs: number;
  params: number;
}

/** Results by row and seed. They are kept in a file, so that a run that was stopped goes on. */
const kept = join(OUT, 'results.json');
await mkdir(OUT, { recursive: true });
const results: Record<string, Result[]> = existsSync(kept)
  ? JSON.parse(await readFile(kept, 'utf8'))
  : {};
const noiseFile = join(OUT, 'noise.json');
const noise: Record<string, number[][]> = existsSync(noiseFile)
  ? JSON.parse(await readFile(noiseFile, 'utf8'))
  : {};

async function record(
  name: string,
  seed: number,
  make: () => Promise<PrunedModel>,
  teacher: PrunedModel,
) {
  if (results[name]?.[seed]) return;
  const pruned = await make();
  const tuned = await fineTuned(pruned, teacher, seed);
  const result = {
    before: await top1(pruned),
    after: await top1(tuned),
    macs: pruned.model.macs.total,
    params: pruned.model.parameterCount,
  };
  (results[name] ??= [])[seed] = result;
  await writeFile(kept, JSON.stringify(results));
  process.stderr.write(`${name}, seed ${seed}: ${JSON.stringify(result)}\n`);
  return tuned;
}

/** The largest model of a family, by an index from 0 on, within a share of the dense model's MACs. */
function firstWithin(share: number, family: (i: number) => Adapter): Model {
  for (let i = 0; ; i++) {
    const model = adapt(whole, [family(i)]);
    if (model.macs.total <= share * whole.macs.total) return model;
  }
}

const blocks = [0, 1, 2];
const tokenMethods: Readonly<Record<string, (i: number) => Adapter>> = {
  LFE: (i) => lfe({ keepRatio: 1 - i / 64, blocks }),
  'LFE, over the map': (i) => lfe({ keepRatio: 1 - i / 64, blocks, form: 'map' }),
  "LFE, the code's form": (i) => lfe({ keepRatio: 1 - i / 64, blocks, form: 'code' }),
  EViT: (i) => evit({ keepRatio: 1 - i / 64, blocks }),
  'EViT, not fused': (i) => evit({ keepRatio: 1 - i / 64, blocks, fuse: false }),
  ToMe: (i) => tome({ r: [i, i, i, 0] }),
};

async function noiseRow(name: string, seed: number, candidate: PrunedModel) {
  if (noise[name]?.[seed]) return;
  const row: number[] = [];
  for (const density of densities) row.push(await top1(candidate, await withNoise(density)));
  (noise[name] ??= [])[seed] = row;
  await writeFile(noiseFile, JSON.stringify(noise));
}

for (let seed = 0; seed < Number(values.seeds); seed++) {
  const dense = await denseModel(seed);
  const { macs, parameterCount: params } = dense.model;
  const accuracy = await top1(dense);
  (results.dense ??= [])[seed] = {
    before: accuracy,
    after: accuracy,
    macs: macs.total,
    params,
  };
  await noiseRow('dense', seed, dense);
  for (const [name, criterion] of Object.entries(criteria)) {
    // Once, and not where all results are there.
    let score: Promise<Scores> | undefined;
    const scored = defineCriterion({
      name,
      contract: 1,
      score: () => () => {
        score ??= withEngine((engine) =>
          criterion.score({
            ...dense,
            engine,
            data: train,
            batchSize: 100,
            generator: new Generator(seed),
          }),
        );
        return score;
      },
    })({});
    for (const share of budgets) {
      const prune = () =>
        withEngine((engine) =>
          pruneTrained({
            ...dense,
            engine,
            dims,
            data: train,
            batchSize: 100,
            seed,
            criterion: scored,
            allocator: budgetOf({ share }),
          }),
        );
      const tuned = await record(`${name}|${share}`, seed, prune, dense);
      if (tuned && share === 0.5 && noisy.includes(name)) await noiseRow(name, seed, tuned);
    }
  }
  for (const [name, family] of Object.entries(tokenMethods)) {
    const model = firstWithin(tokenBudget, family);
    await record(`tokens|${name}`, seed, async () => ({ model, weights: dense.weights }), dense);
  }
  await cascades(dense, seed);
}

/** The cascade, with and without tokens, and a global threshold of the same criterion at the same MACs. */
async function cascades(dense: PrunedModel, seed: number): Promise<void> {
  const run = (tokens: boolean) =>
    withEngine((engine) =>
      bottomUpCascade({
        ...dense,
        engine,
        data: train,
        batchSize: 100,
        seed,
        epsilon,
        rho,
        tokenSelector: tokens ? (counts) => lfe({ counts }) : undefined,
      }),
    );
  for (const [name, tokens] of [
    ['tokens and channels', true],
    ['channels alone', false],
  ] as const) {
    await record(`cascade|${name}`, seed, () => run(tokens), dense);
    const share = results[`cascade|${name}`]![seed]!.macs / whole.macs.total;
    const global = () =>
      withEngine((engine) =>
        pruneTrained({
          ...dense,
          engine,
          dims,
          data: train,
          batchSize: 100,
          seed,
          criterion: lfs({}),
          allocator: budgetOf({ share }),
        }),
      );
    await record(`cascade|global threshold, MACs of ${name}`, seed, global, dense).catch(
      (error) => {
        // With channels alone so few MACs may be out of reach.
        if (!(error instanceof KcrError)) throw error;
      },
    );
  }
}

function table(header: string[], rows: string[][]): void {
  process.stdout.write(`\n${markdownTable(header, rows)}\n`);
}

const of = (name: string, key: keyof Result) =>
  (results[name] ?? []).filter(Boolean).map((r) => r[key]);
const cells = (name: string) => [
  spread(of(name, 'macs'), 2, 1e-6),
  spread(of(name, 'params'), 0),
  spread(of(name, 'before'), 1, 100),
  spread(of(name, 'after'), 1, 100),
];
const columns = ['MACs, M', 'parameters', 'before, %', 'after, %'];
table(['model', ...columns], [['dense', ...cells('dense')]]);
for (const share of budgets)
  table(
    [`criterion, ${100 * share} % of MACs`, ...columns],
    Object.keys(criteria).map((name) => [name, ...cells(`${name}|${share}`)]),
  );
const group = (kind: string) => Object.keys(results).filter((name) => name.startsWith(`${kind}|`));
for (const kind of ['tokens', 'cascade'])
  table(
    [kind, ...columns],
    group(kind).map((name) => [name.slice(kind.length + 1), ...cells(name)]),
  );
table(
  ['salt and pepper, share of the pixels', ...densities.map((density) => `${100 * density} %`)],
  Object.entries(noise).map(([name, rows]) => [
    name,
    ...densities.map((_, i) =>
      spread(
        rows.map((row) => row[i]!),
        1,
        100,
      ),
    ),
  ]),
);

const mean = (list: number[]) => list.reduce((a, b) => a + b, 0) / list.length;
const curve = (key: 'before' | 'after', title: string) =>
  lineChart({
    title,
    x: 'MACs, M',
    y: 'top-1, %',
    lines: Object.keys(criteria).map((name) => ({
      name,
      points: ['dense', ...budgets.map((share) => `${name}|${share}`)].map(
        (row): [number, number] => [mean(of(row, 'macs')) / 1e6, 100 * mean(of(row, key))],
      ),
    })),
  });
await writeFile(
  join(OUT, 'report.html'),
  page('Criteria on EuroSAT', [
    figuresHtml([curve('before', 'Pruned'), curve('after', 'Pruned and fine-tuned')]),
  ]),
);
