import type { LoadedModel } from '@kcr/core';
import { latencyByTable, measureLatencyTable } from '@kcr/onnx';
import type { OnEvent } from '../events.ts';
import { loadCheckpoint, type ReadAs } from '../load-checkpoint.ts';
import { requireWritableFile } from '../out/writable.ts';
import { type LatencyFile, writeLatencies } from './latency-file.ts';
import { machineText } from './machine.ts';

export interface LayerOptions {
  /** Images of a run. Default 1. */
  readonly batch?: number;
  /** Threads of one operator. Default: one per core. */
  readonly threads?: number;
  /** Roles of the dimensions whose widths are measured. Default: all that can be pruned. */
  readonly dims?: readonly string[];
  readonly on?: OnEvent;
}

/** How long each layer of a model takes on this machine, at eight widths. */
export async function measureLayers(
  { model, weights }: Pick<LoadedModel, 'model' | 'weights'>,
  { batch = 1, threads, dims, on = () => {} }: LayerOptions = {},
): Promise<LatencyFile> {
  const { layers } = await measureLatencyTable(model, weights, {
    batch,
    threads,
    dims,
    onShare: (done, widths) => on({ type: 'latencies', done, widths }),
  });
  const date = new Date().toISOString().slice(0, 10);
  return { machine: machineText(), model: model.architecture.name, batch, threads, date, layers };
}

export interface LatencyOptions extends LayerOptions, ReadAs {
  /** A file for the table, which `kcr prune --latency-table` takes. */
  readonly out?: string;
}

/** Where a checkpoint's time goes. */
export interface LatencyReport extends Omit<LatencyFile, 'layers'> {
  /** Of a run, in milliseconds. */
  readonly ms: number;
  /** Milliseconds of each layer, whole and at the narrowest width that was measured, in the order of a run. */
  readonly layers: readonly {
    readonly name: string;
    readonly macs: number;
    readonly ms: number;
    readonly narrowest: number;
  }[];
}

/**
 * Measures where the time of a checkpoint goes, layer by layer, and how it falls with a layer's width.
 *
 * @param checkpoint of any kind, see `loadCheckpoint`
 * @throws KcrError `CHECKPOINT_*`, `BATCH_SIZE`, `DIM_ROLES`, `OUT_WRITE`
 */
export async function measureLatencies(
  checkpoint: string,
  options: LatencyOptions = {},
): Promise<LatencyReport> {
  const loaded = await loadCheckpoint(checkpoint, options);
  if (options.out !== undefined) await requireWritableFile(options.out);
  const file = await measureLayers(loaded, options);
  if (options.out !== undefined) await writeLatencies(options.out, file);
  const layers = Object.entries(file.layers).map(([name, times]) => {
    const { macs, ms } = times.at(-1)!;
    return { name, macs, ms, narrowest: times[0]!.ms };
  });
  return { ...file, ms: latencyByTable(file, loaded.model), layers };
}
