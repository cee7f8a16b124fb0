// npm run bench -- deploy: what a compact model's saved MACs are worth where it runs. Prints a table in Markdown.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  adapt,
  type CountRules,
  Generator,
  type Model,
  prune,
  pruneState,
  type StateDict,
  selectWithin,
} from '@kcr/core';
import { type ExportOptions, exportOnnx } from '@kcr/onnx';
import * as ort from 'onnxruntime-node';
import { type ModelName, makeModel, randomBatch, tokenMethods } from './models.ts';
import { median } from './tables.ts';
import { inTurn, processOf, type Contestant as Runner } from './turns.ts';

const [threads = '1', python = ''] = process.argv.slice(2);
const BATCHES = [1, 8];
const RUNS: Readonly<Record<number, number>> = { 1: 40, 8: 12 };
const WARM_UP = 3;
const MODELS: readonly ModelName[] = ['a', 'b', 'swin_tiny_patch4_window7_224', 'mobilevit_s'];

/** Something whose runs are timed, and how many MACs it has. */
interface Contestant extends Runner {
  readonly macs?: number;
}

/** A session over a file. */
async function session(
  name: string,
  bytes: Uint8Array,
  input: ort.Tensor,
  macs?: number,
): Promise<Contestant> {
  const loaded = await ort.InferenceSession.create(bytes, { intraOpNumThreads: Number(threads) });
  return {
    name,
    macs,
    async run() {
      const start = performance.now();
      await loaded.run({ [loaded.inputNames[0]!]: input });
      return performance.now() - start;
    },
    end: () => loaded.release(),
  };
}

/** PyTorch in a process of its own, and the same model as PyTorch exports it, in ONNX Runtime here. */
async function torch(name: ModelName, batch: number, input: ort.Tensor): Promise<Contestant[]> {
  if (!python) return [];
  const folder = await mkdtemp(join(tmpdir(), 'kcr-deploy-'));
  const file = join(folder, 'torch.onnx');
  const script = fileURLToPath(new URL('torch_step.py', import.meta.url));
  const served = [python, script, name, 'serve', `${batch}`, threads, file] as const;
  const child = await processOf('PyTorch eager', served);
  const eager: Contestant = {
    ...child,
    async end() {
      await child.end();
      await rm(folder, { recursive: true });
    },
  };
  return [eager, await session("PyTorch's export", await readFile(file), input)];
}

/** A model at half of its MACs: one threshold over scores that are drawn, as one over a criterion's. */
async function half(whole: Model, rules: CountRules): Promise<Model> {
  const generator = new Generator(1);
  const dims = [...whole.dims.values()].filter(
    ({ prunable, role }) => prunable && ['qk', 'v', 'hidden'].includes(role),
  );
  const scores = new Map(
    dims.map(({ name, size }) => [name, Array.from({ length: size }, () => generator.uniform())]),
  );
  const limit = 0.5 * whole.macs.total;
  return prune(whole, await selectWithin(whole, scores, ({ macs }) => macs.total, limit, rules));
}

/** The files that are compared, each made when its turn comes. */
async function* variants(whole: Model, weights: StateDict, batch: number, name: ModelName) {
  const file = (model: Model, own: StateDict, more: ExportOptions = {}) =>
    exportOnnx(model, own, { batch, ...more });
  yield { name: 'dense', model: whole, bytes: await file(whole, weights) };
  const optimised = await file(whole, weights, { optimise: 'onnxruntime' });
  yield { name: 'dense, --optimise onnxruntime', model: whole, bytes: optimised };
  for (const [title, rules] of [
    ['half', {}],
    ['half, align 8', { align: 8 }],
    ['half, align 16', { align: 16 }],
    ['half, align 16, whole heads', { align: 16, wholeHeads: true }],
  ] as const) {
    const model = await half(whole, rules);
    yield { name: title, model, bytes: await file(model, pruneState(whole, model, weights)) };
  }
  const model = await half(whole, { align: 16 });
  const own = pruneState(whole, model, weights);
  const numbers = { precision: 'int8-dynamic' } as const;
  yield { name: 'half, align 16, int8', model, bytes: await file(model, own, numbers) };
  if (name !== 'b') return;
  const fewer = adapt(model, [tokenMethods.EViT()]);
  yield { name: 'the same with EViT', model: fewer, bytes: await file(fewer, own, numbers) };
}

const header = ['model, images', 'what', 'ms', 'of dense', 'of PyTorch eager', 'of its export'];
process.stdout.write(`\n${threads} threads of an operator, medians of runs in turn\n\n`);
process.stdout.write(
  `| ${[...header, 'MACs', 'time / MACs'].join(' | ')} |\n|${'---|'.repeat(8)}\n`,
);
for (const name of MODELS)
  for (const batch of BATCHES) {
    const whole = makeModel(name);
    const weights = whole.initialize(new Generator(0));
    const pixels = randomBatch(whole, batch).image;
    const [height, width, channels] = whole.inputShape;
    const data = pixels.data as Float32Array;
    const input = new ort.Tensor('float32', data, [batch, channels, height, width]);
    const contestants = await torch(name, batch, input);
    const others = contestants.length;
    for await (const { name: title, model, bytes } of variants(whole, weights, batch, name))
      contestants.push(await session(title, bytes, input, model.macs.total));
    const times = await inTurn(contestants, { runs: RUNS[batch]!, warmUp: WARM_UP, pause: 0 });
    const ratio = (i: number, to: number) =>
      times[to] ? median(times[i]!.map((ms, run) => ms / times[to]![run]!)) : Number.NaN;
    for (const [i, { name: title, macs }] of contestants.entries()) {
      const kept = macs === undefined ? 1 : macs / whole.macs.total;
      const saved = (1 - ratio(i, others)) / (1 - kept);
      const cells = [ratio(i, others), ...(others > 0 ? [ratio(i, 0), ratio(i, 1)] : [])];
      const texts = [0, 1, 2].map((k) => cells[k]?.toFixed(2) ?? '');
      const worth = kept < 1 ? [kept.toFixed(2), saved.toFixed(2)] : ['', ''];
      const ms = median(times[i]!).toFixed(1);
      process.stdout.write(
        `| ${[`${name}, ${batch}`, title, ms, ...texts, ...worth].join(' | ')} |\n`,
      );
    }
    for (const contestant of contestants) await contestant.end();
  }
