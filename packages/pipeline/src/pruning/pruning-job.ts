import type { Dataset, Engine, LineChart, LoadedModel, PrunedModel } from '@kcr/core';
import type { LatencyTable } from '@kcr/onnx';
import type { MakeEngine } from '../engine.ts';
import type { OnEvent } from '../events.ts';

/** What pruning needs besides its settings. */
export interface PruningContext {
  /** Training images, without augmentation. */
  readonly train: Dataset;
  readonly engine: MakeEngine;
  readonly seed: number;
  readonly on: OnEvent;
  /** URL of the file that names of modules are resolved from. Absent: from the process's folder. */
  readonly from?: string;
  /** Modules that the pruned checkpoint may name. */
  readonly trust: readonly string[];
}

/** What a way of pruning is given. */
export interface PruningJob extends Omit<PruningContext, 'engine' | 'trust'> {
  readonly loaded: LoadedModel;
  readonly engine: Engine;
  /** Of the packages that take part. */
  readonly versions: Readonly<Record<string, string>>;
  /** Folder for its state, where it goes on after an interruption. */
  readonly directory: string;
  /** The table of latencies that the settings name. */
  readonly latencies?: LatencyTable;
}

/** A pruned model. */
export interface Pruned extends PrunedModel {
  /** What was taken out, for the report. */
  readonly charts?: readonly LineChart[];
  /** The same for those who read `prune.json`, as JSON. */
  readonly record?: object;
}
