import {
  type CostEntry,
  countMacs,
  KcrError,
  type Model,
  prune,
  pruneState,
  type Scores,
  type StateDict,
  selectCounts,
} from '@kcr/core';
import { exportOnnx } from './export.ts';
import { type LatencyOptions, measureLatencies, somePixels } from './latency.ts';
import { type NodeTime, profileNodes } from './profile.ts';

/** How long a layer takes at one of its widths. */
export interface LayerTime {
  /** Multiply-accumulates of the layer for one image, by which its width is known. */
  readonly macs: number;
  /** Of one run with the table's batch, in milliseconds, with what follows the layer up to the next one. */
  readonly ms: number;
}

/** How long each layer of a model takes at several widths, on one machine. */
export interface LatencyTable {
  /** By the layer's path, its widths from the narrowest. */
  readonly layers: Readonly<Record<string, readonly LayerTime[]>>;
}

export interface LatencyTableOptions extends LatencyOptions {
  /** Roles of the dimensions whose widths are measured. Default: all that can be pruned. */
  dims?: readonly string[];
  /** Shares of the channels to measure at. Default 1, 7/8, ... 1/8. */
  shares?: readonly number[];
  /** Called after each share, with how many are done. */
  onShare?(done: number, all: number): void;
}

const EIGHTHS = Array.from({ length: 8 }, (_, i) => 1 - i / 8);

/** Multiply-accumulates of each layer, by its path, in the order of a run. */
export function layerMacs({ costs }: Pick<Model, 'costs'>): Map<string, number> {
  const layers = new Map<string, CostEntry[]>();
  for (const entry of costs) layers.set(entry.name, [...(layers.get(entry.name) ?? []), entry]);
  return new Map([...layers].map(([name, entries]) => [name, countMacs(entries).total]));
}

/**
 * The time of each layer: its own nodes', and those that follow up to the next layer (norms, activations, moves), which are as wide
 * as it left them. What comes before the first layer is the first one's.
 */
export function layerTimes(layers: Iterable<string>, nodes: readonly NodeTime[]) {
  const times = new Map([...layers].map((name) => [name, 0]));
  let current = times.keys().next().value!;
  for (const { name, ms } of nodes) {
    const path = name.split('/')[0]!;
    if (times.has(path)) current = path;
    times.set(current, times.get(current)! + ms);
  }
  return times;
}

/**
 * Measures how long each layer of a model takes on this machine, at shares of its channels, by ONNX Runtime's profile of the model
 * cut to each share. The times are scaled so that the whole model's sum is its time without the profile.
 */
export async function measureLatencyTable(
  model: Model,
  weights: StateDict,
  {
    dims: roles,
    shares = EIGHTHS,
    batch = 1,
    runs = 20,
    threads,
    onShare,
  }: LatencyTableOptions = {},
): Promise<LatencyTable> {
  const [whole] = await measureLatencies([{ model, weights }], { batch, runs, threads });
  const points = new Map<string, LayerTime[]>();
  let scale: number | undefined;
  for (const [i, share] of [...shares].sort((a, b) => b - a).entries()) {
    const cut = cutTo(model, share, roles);
    const bytes = await exportOnnx(cut, pruneState(model, cut, weights), { batch });
    const nodes = await profileNodes(bytes, somePixels(model, batch), { runs, threads });
    scale ??= whole!.ms.median / nodes.reduce((sum, { ms }) => sum + ms, 0);
    const macs = layerMacs(cut);
    for (const [name, ms] of layerTimes(macs.keys(), nodes))
      points.set(name, [...(points.get(name) ?? []), { macs: macs.get(name)!, ms: ms * scale }]);
    onShare?.(i + 1, shares.length);
  }
  return {
    layers: Object.fromEntries([...points].map(([name, times]) => [name, byWidth(times)])),
  };
}

/** The model with a share of the channels of every dimension; which ones does not matter to the time. */
function cutTo(model: Model, share: number, roles?: readonly string[]): Model {
  const dims = [...model.dims.values()].filter(
    ({ prunable, role }) => prunable && (!roles || roles.includes(role)),
  );
  const scores: Scores = new Map(dims.map(({ name, size }) => [name, new Float64Array(size)]));
  return prune(
    model,
    selectCounts(model, scores, ({ size }) => share * size),
  );
}

/** From the narrowest width; what was measured at one width several times, as its mean. */
function byWidth(times: readonly LayerTime[]): LayerTime[] {
  const widths = new Map<number, number[]>();
  for (const { macs, ms } of times) widths.set(macs, [...(widths.get(macs) ?? []), ms]);
  return [...widths]
    .map(([macs, all]) => ({ macs, ms: all.reduce((sum, ms) => sum + ms, 0) / all.length }))
    .sort((a, b) => a.macs - b.macs);
}

/**
 * How long a model takes by a table: the sum of its layers' times, between and beyond the widths that were measured on straight lines.
 *
 * @returns milliseconds for one run with the table's batch
 * @throws KcrError `LATENCY_TABLE` where the table does not have the model's layers
 */
export function latencyByTable(table: LatencyTable, model: Model): number {
  let sum = 0;
  for (const [name, macs] of layerMacs(model)) {
    const times = Object.hasOwn(table.layers, name) ? table.layers[name] : undefined;
    if (!times || times.length === 0)
      throw new KcrError('LATENCY_TABLE', {
        where: name,
        found: 'a layer that the table of latencies does not have',
        fix: `Measure a table of this model, ${model.architecture.name}, with \`kcr latency\``,
      });
    sum += timeAt(times, macs);
  }
  return sum;
}

/** The time at a width, on the line through its two neighbours. */
function timeAt(times: readonly LayerTime[], macs: number): number {
  const above = times.findIndex((time) => time.macs >= macs);
  const to = Math.max(above < 0 ? times.length - 1 : above, 1);
  const [a, b] = [times[to - 1]!, times[to]];
  if (!b) return a.ms;
  return Math.max(a.ms + ((b.ms - a.ms) * (macs - a.macs)) / (b.macs - a.macs), 0);
}
