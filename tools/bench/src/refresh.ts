// Refreshes of plugins at ImageNet's size, on made-up features: what each takes, and of what memory.
import { performance } from 'node:perf_hooks';
import { vit } from '@kcr/backbones';
import {
  type Architecture,
  adamw,
  float32,
  Generator,
  Model,
  type Plugin,
  type RefreshContext,
  range,
  Trainer,
} from '@kcr/core';
import { ibBound } from '@kcr/ib-bound';
import { eigen, type KcrNystromOptions, kcrNystrom } from '@kcr/nystrom';
import { OnnxEngine } from '@kcr/onnx';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

const IMAGES = 1_281_167;
const VALIDATION = 50_000;
const CLASSES = 1000;
const D = 768;
const M = 4 * D;
/** r, 0.2 d. */
const R = Math.ceil(0.2 * D);
const POOL = 4096;

/** Time of the processor and of the clock, in ms: the least of several runs, since other work on the machine only adds. */
async function least(times: number, run: () => Promise<unknown> | unknown) {
  const found = { cpu: Number.POSITIVE_INFINITY, wall: Number.POSITIVE_INFINITY };
  for (let i = 0; i < times; i++) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    await run();
    const { user, system } = process.cpuUsage(before);
    found.cpu = Math.min(found.cpu, (user + system) / 1e3);
    found.wall = Math.min(found.wall, performance.now() - start);
  }
  return found;
}

/** Features around a center for each class; images have those of a pool in turn. */
function madeFeatures() {
  const centers = new Generator(3).array(CLASSES * D, 'normal');
  const pool = new Generator(4).array(POOL * D, 'normal').map((x, at) => {
    const [row, j] = [Math.floor(at / D), at % D];
    return (x + centers[(row % CLASSES) * D + j]!) / (1 + j / 8);
  });
  return async (indices: Int32Array = range(IMAGES)) => {
    const rows = float32([indices.length, D]);
    indices.forEach((image, at) => {
      const from = (image % POOL) * D;
      rows.data.set(pool.subarray(from, from + D), at * D);
    });
    return rows;
  };
}

/** A plugin attached to a run over so many images, and a refresh of it. */
async function attached(plugin: Plugin, samples: number) {
  const config = { img_size: 32, patch_size: 16, embed_dim: D, depth: 1, num_heads: 12 };
  const generator = new Generator(0);
  const engine = new OnnxEngine();
  const model = new Model(vit as Architecture, vit.configure({ ...config, num_classes: CLASSES }));
  const trainer = new Trainer({
    model,
    engine,
    plugins: [plugin],
    run: { stage: 'fit', epochs: 300, samples, travel: 10, warn: () => {} },
    generator,
    labelSmoothing: 0,
    optimizer: adamw({ weightDecay: 0 }),
  });
  trainer.start(model.initialize(generator));
  const features = madeFeatures();
  const labelsOf = (n: number) => Int32Array.from({ length: n }, (_, i) => (i % POOL) % CLASSES);
  const small = new Generator(5).array(POOL * 16 * 16 * 3, 'uniform');
  async function* images(indices: Int32Array = range(samples)) {
    for (let from = 0; from < indices.length; from += 256) {
      const own = indices.subarray(from, from + 256);
      const batch = float32([own.length, 16, 16, 3]);
      own.forEach((image, at) => {
        const start = (image % POOL) * 768;
        batch.data.set(small.subarray(start, start + 768), at * 768);
      });
      yield batch;
    }
  }
  let epoch = 200;
  const [hooks] = trainer.plugins;
  const validation = { labels: labelsOf(VALIDATION), features, images };
  const context = { epochs: 300, step: 0, labels: labelsOf(samples), features, images, validation };
  return {
    hooks: hooks!,
    features,
    refresh: async () => {
      epoch++;
      trainer.progress.epoch = epoch;
      await hooks!.refresh!({ ...context, epoch } as RefreshContext);
    },
  };
}

/** What a refresh took, beside how many images' features it asked for. */
interface Measured {
  cpu: number;
  wall: number;
  /** Multiplications and additions, by count. */
  madds: number;
  /** Images whose features a forward pass makes for it. */
  read: number;
  /** Images that were measured, where the figures are scaled to more. */
  part?: number;
}

const eigenMadds = 3 * D ** 3;
/** V of the landmarks, S of the images read, both decomposed, orth(S V), and the values from them. */
const nystromMadds = (read: number) =>
  ((read + M) * D * D) / 2 + 2 * eigenMadds + 3 * D * D * R + 4 * D ** 3;

/** B, B^T B, F^T B, and U from them. */
const sampleMadds = (read: number) => read * (2 * D * R + 2 * R * R);

async function nystrom(
  options: Partial<KcrNystromOptions>,
  counts: Pick<Measured, 'madds' | 'read'>,
): Promise<Measured> {
  const plugin = kcrNystrom({ eta: 1, warmup: 0.3, landmarks: M, ...options });
  const { refresh } = await attached(plugin, IMAGES);
  return { ...(await least(options.sampling ? 1 : 3, refresh)), ...counts };
}

/** K-means, assignments and Q of the sampled images; a part of them, scaled, since all of it is in proportion to them. */
async function bottleneck(): Promise<Measured> {
  const [all, part] = [40 * CLASSES, 5000];
  const { hooks, refresh, features } = await attached(ibBound({ samples: part }), part);
  const observe = async () => {
    const indices = range(part);
    hooks.observe!({ indices, features: await features(indices), values: {} });
  };
  // The first refresh clusters the images, once in a run.
  await observe();
  await refresh();
  const found = { cpu: Number.POSITIVE_INFINITY, wall: Number.POSITIVE_INFINITY };
  for (let i = 0; i < 3; i++) {
    await observe();
    const { cpu, wall } = await least(1, refresh);
    found.cpu = Math.min(found.cpu, cpu);
    found.wall = Math.min(found.wall, wall);
  }
  const scale = all / part;
  const madds = all * CLASSES * (3 * D + CLASSES);
  return { cpu: scale * found.cpu, wall: scale * found.wall, madds, read: 0, part };
}

const some = 50_000;
const lastLayer = 3 * D * D * CLASSES + (10_000 * D * D) / 2 + 50_000 * D;

/** Refreshes by name. */
export const refreshes: Record<string, () => Promise<Measured>> = {
  kcrNystrom: () => nystrom({}, { madds: nystromMadds(some), read: some }),
  'kcrNystrom, bounds': () =>
    nystrom({ bounds: true }, { madds: nystromMadds(some) + lastLayer, read: some + 10_000 }),
  'kcrNystrom, landmarks alone': () =>
    nystrom({ estimator: 'landmarks' }, { madds: (M * D * D) / 2 + eigenMadds, read: M }),
  'kcrNystrom, kmeans++': () =>
    nystrom({ sampling: 'kmeans++' }, { madds: nystromMadds(some) + 2 * M * M * D, read: some }),
  'kcrNystrom, linear form': () =>
    nystrom({ form: 'linear' }, { madds: nystromMadds(some) + sampleMadds(some), read: some }),
  ibBound: bottleneck,
};

/** One refresh, with the peak memory of this process. */
export async function refresh(name: string): Promise<object> {
  const found = await refreshes[name]!();
  return { ...found, ms: found.wall, peakMB: process.resourceUsage().maxRSS / 1e3 };
}

/** Covariance of features whose spectrum falls, [d, d]. */
function made(d: number): Matrix {
  const generator = new Generator(d);
  const rows = new Matrix(2 * d, d);
  for (let i = 0; i < 2 * d; i++)
    for (let j = 0; j < d; j++) rows.set(i, j, generator.normal() / (1 + j / 8));
  return rows
    .transpose()
    .mmul(rows)
    .div(2 * d);
}

/** Largest |A v - l v| over |A| and |V^T V - I|, over some of the pairs. */
function errors(matrix: Matrix, values: ArrayLike<number>, vectors: Matrix) {
  const d = matrix.rows;
  let largest = 0;
  for (let k = 0; k < d; k++) largest = Math.max(largest, Math.abs(values[k]!));
  const some = vectors.subMatrixColumn(
    Array.from({ length: 48 }, (_, k) => Math.floor((k * d) / 48)),
  );
  const chosen = Array.from({ length: 48 }, (_, k) => values[Math.floor((k * d) / 48)]!);
  const off = matrix.mmul(some);
  chosen.forEach((value, k) => {
    for (let i = 0; i < d; i++) off.set(i, k, off.get(i, k) - value * some.get(i, k));
  });
  const gram = some.transpose().mmul(some);
  return {
    residual: off.abs().max() / largest,
    orthogonality: Matrix.sub(gram, Matrix.eye(48)).abs().max(),
  };
}

/** All eigenpairs of a [d, d] matrix, by this toolkit and by ml-matrix, in turn. */
export async function decomposition(d: string): Promise<object> {
  const matrix = made(Number(d));
  const [ours, theirs]: [number[], number[]] = [[], []];
  let own = eigen(matrix);
  let other: EigenvalueDecomposition | undefined;
  for (let i = 0; i < 3; i++) {
    ours.push(
      (
        await least(1, () => {
          own = eigen(matrix);
        })
      ).cpu,
    );
    theirs.push(
      (
        await least(1, () => {
          other = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
        })
      ).cpu,
    );
  }
  const { realEigenvalues, eigenvectorMatrix } = other!;
  const sorted = realEigenvalues.toSorted((a, b) => b - a);
  return {
    ms: Math.min(...ours),
    theirs: Math.min(...theirs),
    own: errors(matrix, own.values, own.vectors),
    other: errors(matrix, realEigenvalues, eigenvectorMatrix),
    apart: Math.max(...sorted.map((x, i) => Math.abs(x - own.values[i]!))) / sorted[0]!,
  };
}
