import {
  balancedSample,
  blocksOf,
  type Criterion,
  type Dataset,
  evaluateTask,
  Generator,
  type LoadedModel,
  type NdArray,
  prune,
  pruneState,
  requireClasses,
  scoreChannels,
  selectCounts,
  subset,
  type Task,
  taskOf,
} from '@kcr/core';
import {
  encodeGraph,
  exportGraph,
  exportOnnx,
  openExported,
  type PrecisionOptions,
  quantisedModules,
} from '@kcr/onnx';
import { labelled } from '../data/labelled.ts';
import { engineMaker, type MakeEngine } from '../engine.ts';
import type { OnEvent } from '../events.ts';
import { loadPart, type Part } from '../modules.ts';
import { findTaskKit } from '../tasks/find-task-kit.ts';
import type { EvaluationData } from '../tasks/task-kit.ts';

export interface SensitivityOptions {
  /** How layers are quantised. Default `int8-dynamic`. */
  readonly numbers?: PrecisionOptions;
  /** Share of a dimension's channels that are kept where it is pruned. Default 0.5. */
  readonly keep?: number;
  /** Roles of the dimensions that are pruned. Default qk, v, hidden. */
  readonly dims?: readonly string[];
  /** Scores channels. Default `@kcr/criteria#magnitude`. */
  readonly criterion?: Part;
  /** How many images, drawn by the seed, equally many of each class. Default 256. */
  readonly images?: number;
  /** Images at once. Default 64. */
  readonly batchSize?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Makes the engine, for criteria that need one. Default: {@link engineMaker}'s. */
  readonly engine?: MakeEngine;
  readonly on?: OnEvent;
}

/** What a part of a model does to it when that part alone is changed. */
export interface Sensitivity {
  readonly change: 'quantised' | 'pruned';
  /** Whether the part is a block or one of its layers or dimensions. */
  readonly level: 'block' | 'layer';
  /** Path of the block, layer or dimension. */
  readonly name: string;
  /** The task's numbers on the images. */
  readonly numbers: Readonly<Record<string, number>>;
  /** How far the logits are from the whole model's: root mean square of the difference, over that of the logits. */
  readonly error: number;
}

/** How sensitive a model is to changes of its parts. */
export interface SensitivityReport {
  /** Name of the architecture. */
  readonly model: string;
  /** Images. */
  readonly n: number;
  /** The whole model's numbers in float32. */
  readonly whole: Readonly<Record<string, number>>;
  readonly keep: number;
  readonly precision: string;
  readonly parts: readonly Sensitivity[];
  /** The fewest layers that together have half of all layers' squared error: the first to leave in float32. */
  readonly float: readonly string[];
}

/**
 * Changes one part of a model at a time and measures what that does on images, all in ONNX Runtime: each layer and each block quantised
 * alone, each dimension and each block pruned alone to a share of its channels.
 *
 * @throws KcrError `TASK_CLASSES`, `DIM_ROLES`, `ONNX_CALIBRATION`, and those of reading the data and of the criterion
 */
export async function measureSensitivity(
  loaded: LoadedModel,
  request: EvaluationData,
  options: SensitivityOptions = {},
): Promise<SensitivityReport> {
  const { numbers = { precision: 'int8-dynamic' }, keep = 0.5, on = () => {} } = options;
  const { model, weights } = loaded;
  requireClasses(model, model.architecture.name);
  const ruler = await Ruler.of(loaded, request, options);
  const graph = await exportGraph(model, weights);
  const whole = await ruler.measure(await encodeGraph(graph));
  const modules = await quantisedModules(graph, numbers);
  const cuts = await prunings(loaded, ruler.data, keep, options);
  const blocks = blocksOf(model, options.dims);
  const within = (block: string) => modules.filter((module) => module.startsWith(`${block}.`));
  const alone = (left: readonly string[]) => {
    const float = modules.filter((module) => !left.includes(module));
    return () => encodeGraph(graph, { ...numbers, float: [...(numbers.float ?? []), ...float] });
  };
  const changes: readonly Change[] = [
    ...modules.map((name) => ({ ...layer('quantised', name), file: alone([name]) })),
    ...blocks
      .filter(({ name }) => within(name).length > 1)
      .map(({ name }) => ({ ...block('quantised', name), file: alone(within(name)) })),
    ...cuts,
  ];
  const parts: Sensitivity[] = [];
  for (const { file, ...part } of changes) {
    parts.push({ ...part, ...(await ruler.measure(await file())) });
    on({ type: 'sensitivity', done: parts.length, parts: changes.length });
  }
  const { precision = 'fp32' } = numbers;
  const n = ruler.data.length;
  const { name } = model.architecture;
  return {
    model: name,
    n,
    whole: whole.numbers,
    keep,
    precision,
    parts,
    float: mostOfTheError(parts),
  };
}

/** A change of a model's part, with the file of the model that has it. */
interface Change extends Pick<Sensitivity, 'change' | 'level' | 'name'> {
  file(): Promise<Uint8Array>;
}

const layer = (change: Sensitivity['change'], name: string) =>
  ({ change, level: 'layer', name }) as const;
const block = (change: Sensitivity['change'], name: string) =>
  ({ change, level: 'block', name }) as const;

/** Each dimension alone, and each block's together, pruned to a share by a criterion's scores. */
async function prunings(
  { model, weights }: LoadedModel,
  data: Dataset,
  keep: number,
  {
    dims: roles = ['qk', 'v', 'hidden'],
    criterion = { use: '@kcr/criteria#magnitude', options: {} },
    batchSize = 64,
    seed = 0,
    engine: makeEngine = engineMaker(),
  }: SensitivityOptions,
): Promise<Change[]> {
  const blocks = blocksOf(model, roles);
  const names = blocks.flatMap(({ dims }) => dims.map(({ name }) => name));
  await using engine = await makeEngine();
  const scores = await scoreChannels(
    await loadPart<Criterion>(criterion),
    {
      model,
      weights,
      engine,
      data,
      batchSize,
      generator: new Generator(seed).fork('criterion'),
    },
    names,
  );
  const cut = (chosen: readonly string[]) => async () => {
    const own = new Map([...scores].filter(([name]) => chosen.includes(name)));
    const pruned = prune(
      model,
      selectCounts(model, own, ({ size }) => keep * size),
    );
    return exportOnnx(pruned, pruneState(model, pruned, weights));
  };
  return blocks.flatMap(({ name, dims }) => {
    const own = dims.map((dim) => dim.name).filter((dim) => scores.has(dim));
    return [
      ...own.map((dim) => ({ ...layer('pruned', dim), file: cut([dim]) })),
      ...(own.length > 1 ? [{ ...block('pruned', name), file: cut(own) }] : []),
    ];
  });
}

/** Measures files on the same images, the first of which the others are compared with. */
class Ruler {
  #first?: Float32Array[];

  private constructor(
    private readonly task: Task,
    readonly data: Dataset,
    private readonly batchSize: number,
  ) {}

  static async of(
    loaded: LoadedModel,
    request: EvaluationData,
    { images = 256, seed = 0, batchSize = 64, on = () => {} }: SensitivityOptions,
  ): Promise<Ruler> {
    const kit = await findTaskKit(loaded.model);
    const task = taskOf(loaded.model);
    const all = labelled(await kit.evaluationData(loaded, request, on), task);
    const sample = balancedSample(all, images, new Generator(seed).fork('images'));
    return new Ruler(task, subset(all, sample), batchSize);
  }

  async measure(bytes: Uint8Array): Promise<Pick<Sensitivity, 'numbers' | 'error'>> {
    await using exported = await openExported(bytes);
    const outputs: Float32Array[] = [];
    const recorded = Object.assign(
      async (inputs?: Readonly<Record<string, NdArray>>) => {
        const out = await exported(inputs);
        outputs.push(out.logits!.data as Float32Array);
        return out;
      },
      { dispose: exported.dispose, [Symbol.asyncDispose]: exported.dispose },
    );
    const numbers = await evaluateTask(this.task, recorded, this.data, this.batchSize);
    this.#first ??= outputs;
    return { numbers, error: relativeError(outputs, this.#first) };
  }
}

/** Root mean square of differences, over that of what is right. */
function relativeError(found: readonly Float32Array[], right: readonly Float32Array[]): number {
  let [off, all] = [0, 0];
  for (const [i, batch] of right.entries())
    for (const [j, value] of batch.entries()) {
      off += (found[i]![j]! - value) ** 2;
      all += value ** 2;
    }
  return Math.sqrt(off / all);
}

/** The fewest quantised layers that together have half of the squared error of all. */
export function mostOfTheError(parts: readonly Sensitivity[]): string[] {
  const layers = parts
    .filter(({ change, level }) => change === 'quantised' && level === 'layer')
    .map(({ name, error }) => ({ name, square: error ** 2 }))
    .sort((a, b) => b.square - a.square);
  const all = layers.reduce((sum, { square }) => sum + square, 0);
  let sum = 0;
  return layers.flatMap(({ name, square }) => {
    const before = sum;
    sum += square;
    return before < all / 2 ? [name] : [];
  });
}
