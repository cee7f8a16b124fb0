// One measurement in a process of its own, so that peak memory is its own: prints JSON.
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { createModel } from '@kcr/backbones';
import {
  adapt,
  conv2d,
  createEagerEngine,
  type Engine,
  type Frame,
  float32,
  Generator,
  type Model,
  range,
  Scope,
  sizeOf,
  tf,
  valueAndGradients,
} from '@kcr/core';
import type { CocoType } from '@kcr/data';
import { ibBound } from '@kcr/ib-bound';
import { type LfsOptions, lfs } from '@kcr/lfc';
import { qkMask } from '@kcr/masks';
import { measureLatency, OnnxEngine } from '@kcr/onnx';
import { evaluateCoco, makeCoco } from './coco.ts';
import { loadImages, makeImages } from './loader.ts';
import {
  type LayerName,
  layers,
  type ModelName,
  makeModel,
  models,
  randomDataset,
  shrink,
  type TokenMethod,
  tokenMethods,
} from './models.ts';
import { decomposition, refresh } from './refresh.ts';
import { median } from './tables.ts';
import { makeStep } from './training-step.ts';

async function time(times: number, warmUp: number, run: () => Promise<unknown> | unknown) {
  const spent: number[] = [];
  for (let i = 0; i < times + warmUp; i++) {
    const start = performance.now();
    await run();
    if (i >= warmUp) spent.push(performance.now() - start);
  }
  return median(spent);
}

const makeEngine = async (name: string): Promise<Engine> =>
  name === 'onnx' ? new OnnxEngine() : createEagerEngine({ backend: name });

const frame: Frame = {
  training: true,
  kept: () => undefined,
  frozen: () => false,
  dim: () => {},
  param: () => tf.scalar(0),
  assign: () => {},
  tap: (value) => value,
  cost: () => {},
  draw: () => tf.scalar(0),
  schedule: () => tf.scalar(0),
};

/** Features around a center for each class, as those of a trained network are; others in each epoch. */
function classFeatures(
  labels: Int32Array,
  classes: number,
  d: number,
  epoch: number,
): Float32Array {
  const centers = new Generator(3).array(classes * d, 'normal');
  const noise = new Generator(epoch).array(labels.length * d, 'normal');
  return noise.map((x, i) => x + centers[labels[Math.floor(i / d)]! * d + (i % d)]!);
}

const measurements = {
  /** An AdamW step on `onnx` or on a backend of TensorFlow.js, each time that a line asks for one; at the end peak memory, and tracing plus session. */
  async steps(name: ModelName, engineName: string) {
    await using engine = await makeEngine(engineName);
    const { step } = makeStep(makeModel(name), engine, models[name].batch);
    process.stdout.write('ready\n');
    for await (const _ of createInterface(process.stdin))
      process.stdout.write(`${await time(1, 0, step)}\n`);
    const [compile] = engine instanceof OnnxEngine ? engine.compileTimes : [];
    return {
      peakMB: process.resourceUsage().maxRSS / 1e3,
      compileMs: compile && compile.trace + compile.session,
    };
  },

  /** An AdamW step that keeps what its backward pass needs, or computes it again: median time and peak memory. */
  async recompute(name: string, images: string, recompute: string) {
    await using engine = new OnnxEngine();
    const options = { recompute: recompute === 'yes' };
    const { step } = makeStep(createModel(name), engine, Number(images), options);
    const ms = await time(6, 2, step);
    return { ms, peakMB: process.resourceUsage().maxRSS / 1e3 };
  },

  /**
   * Training steps with and without the information-bottleneck bound or the q/k mask, in turn; and the
   * bound's refresh over `n` images, all of which are sampled, beside the steps of an epoch over them.
   */
  async bound(name: ModelName, n: string) {
    const samples = Number(n);
    const model = makeModel(name);
    const { batch: size } = models[name];
    await using plain = new OnnxEngine();
    await using bound = new OnnxEngine();
    await using mask = new OnnxEngine();
    const contestants = {
      plain: makeStep(model, plain, size),
      bound: makeStep(model, bound, size, {
        plugins: [ibBound({ warmup: 0, samples })],
        samples,
      }),
      mask: makeStep(adapt(model, [qkMask({})]), mask, size),
    };
    const spent: Record<string, number[]> = {};
    for (let i = 0; i < 43; i++)
      for (const [key, { step }] of Object.entries(contestants)) {
        const ms = await time(1, 0, step);
        if (i >= 3) (spent[key] ??= []).push(ms);
      }
    const { classes, featureSize: d } = model;
    const labels = Int32Array.from({ length: samples }, (_, i) => i % classes);
    const [plugin] = contestants.bound.trainer.plugins;
    const refresh = async (epoch: number) => {
      const features = float32([samples, d], classFeatures(labels, classes, d, epoch));
      plugin!.observe!({ indices: range(samples), features, values: {} });
      const context = {
        epoch,
        epochs: 10,
        step: 0,
        labels,
        features: async () => features,
        images: () => randomImages(model, samples),
      };
      return time(1, 0, () => plugin!.refresh!(context));
    };
    const first = await refresh(1);
    const medians = Object.fromEntries(Object.entries(spent).map(([key, ms]) => [key, median(ms)]));
    return {
      ms: medians.plain,
      ...medians,
      first,
      refresh: median([await refresh(2), await refresh(3), await refresh(4)]),
      epoch: (medians.plain! * samples) / size,
    };
  },

  /** LFS over n images, in both forms, beside the AdamW steps of an epoch over them. */
  async lfs(name: ModelName, n: string) {
    const model = makeModel(name);
    const { batch } = models[name];
    await using engine = new OnnxEngine();
    const { trainer, step } = makeStep(model, engine, batch);
    const ms = await time(10, 3, step);
    await trainer.dispose();
    const weights = model.initialize(new Generator(0));
    const data = randomDataset(model, Number(n));
    const generator = new Generator(0);
    const score = async (options: LfsOptions) => {
      await using engine = new OnnxEngine();
      const given = { model, weights, data, batchSize: batch, generator, engine };
      return await time(1, 0, () => lfs(options).score(given));
    };
    const epoch = (ms * Number(n)) / batch;
    return {
      ms,
      epoch,
      paper: await score({}),
      turns: await score({ takeTurns: true }),
      code: await score({ form: 'code' }),
    };
  },

  /** A convolution with the gradients of its input and its weights. */
  async layer(name: LayerName) {
    const { size, channels, ...options } = layers[name];
    const { kernel, depthwise = false, stride = 1 } = { depthwise: false, stride: 1, ...options };
    const [from, to] = channels;
    const generator = new Generator(0);
    const random = (shape: number[]) =>
      float32(
        shape,
        Array.from({ length: sizeOf(shape) }, () => generator.normal()),
      );
    const side = Math.ceil(size / stride);
    await using engine = new OnnxEngine();
    engine.set({
      x: random([4, size, size, from]),
      weight: random([to, depthwise ? 1 : from, kernel, kernel]),
      along: random([4, side, side, to]),
      dx: random([4, size, size, from]),
      dw: random([to, depthwise ? 1 : from, kernel, kernel]),
    });
    await using step = engine.compile('layer', ({ state }) => {
      const scope = new Scope({ ...frame, param: () => state('weight') });
      const { loss, gradients } = valueAndGradients(() => {
        const y = conv2d(scope, state('x'), from, to, { ...options, bias: false });
        return { loss: tf.sum(tf.mul(y, state('along'))), aux: {} };
      }, [state('x'), state('weight')]);
      return { outputs: { loss }, updates: { dx: gradients[0]!, dw: gradients[1]! } };
    });
    return { ms: await time(20, 5, () => step()) };
  },

  /** Latency of the exported model, whole or with `ratio` of the channels of a role. */
  async latency(name: ModelName, batch: string, role: string, ratio: string) {
    const dense = makeModel(name);
    const model = role === 'dense' ? dense : shrink(dense, role, Number(ratio));
    const weights = model.initialize(new Generator(0));
    const ms = await measureLatency(model, weights, { batch: Number(batch), runs: 20 });
    return { ms, macs: model.macs.total };
  },

  /** Latency of the exported model with fewer tokens. */
  async tokens(name: ModelName, batch: string, method: string) {
    const dense = makeModel(name);
    const model =
      method === 'dense' ? dense : adapt(dense, [tokenMethods[method as TokenMethod]()]);
    const weights = model.initialize(new Generator(0));
    const ms = await measureLatency(model, weights, { batch: Number(batch), runs: 20 });
    return { ms, macs: model.macs.total };
  },

  /** Made files of n images with so many detections in each. */
  makeCoco: (n: string, detections: string) => makeCoco(Number(n), Number(detections)),

  /** COCO's figures of these files. */
  coco: (gt: string, dt: string, type: CocoType) => evaluateCoco(gt, dt, type),

  /** A folder of made JPEG files. */
  makeImages,

  /** Reading of these as training images. */
  loadImages: (folder: string, workers: string) => loadImages(folder, Number(workers)),

  /** A refresh of a plugin at ImageNet's size. */
  refresh,

  /** Eigenpairs of a [d, d] matrix. */
  decomposition,
};

async function* randomImages(model: Model, n: number) {
  const generator = new Generator(1);
  for (let i = 0; i < n; i += 100) {
    const shape = [Math.min(100, n - i), ...model.inputShape];
    yield float32(shape, generator.array(sizeOf(shape), 'uniform'));
  }
}

const [kind, ...parameters] = process.argv.slice(2) as [keyof typeof measurements, ...string[]];
const measure = measurements[kind] as (...args: string[]) => Promise<object>;
process.stdout.write(`${JSON.stringify(await measure(...parameters))}\n`);
