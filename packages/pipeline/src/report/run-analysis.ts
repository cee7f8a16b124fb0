import type { Column, Curve, LineChart, ModelLine, Task } from '@kcr/core';
import type { Latency } from '@kcr/onnx';
import type { Paired } from './paired-difference.ts';

/** One model of a run, measured: the metrics of its task, its size and speed, and what the analyses give. */
export interface Summary extends Record<string, number> {
  params: number;
  /** Multiply-accumulates for one image, attention included. */
  macs: number;
  /** Median time for one image on the CPU, weights built in, in milliseconds. */
  latencyMs: number;
}

/** A row of pictures in the run's folder `pictures`. */
export interface Picture {
  readonly title: string;
  /** What it shows: rows of one kind stand together. */
  readonly kind: string;
  readonly file: string;
  /** Of the rows that stand together, folded away. */
  readonly group?: string;
}

/** What the report says of one model. */
export interface ModelAnalysis {
  readonly summary: Summary;
  /** Time for one image, measured in turn with the other models, and beside the first of them. */
  readonly latency: Latency;
  /** Beside the first model, on the test images; absent for that one, and where a metric is no share of images. */
  readonly paired?: Paired;
  readonly charts: readonly LineChart<ModelLine>[];
  readonly pictures: readonly Picture[];
}

/** What `analysis.json` says of a run: all that its report shows, besides what was logged. */
export interface RunAnalysis {
  readonly recipe: string;
  /** The model that the run was for. */
  readonly result: string;
  /** How the figures came about. */
  readonly measured: {
    /** YYYY-MM-DD */
    readonly date: string;
    readonly machine: string;
    readonly seed: number;
    readonly testImages: number;
    /** Timed runs of each model. */
    readonly runs: number;
  };
  /** The task's metrics, with their titles. */
  readonly metrics: Task['metrics'];
  /** Of the table, after the metrics, the size and the speed. */
  readonly columns: readonly Column[];
  /** Logged numbers that are drawn over the epochs, by key. */
  readonly curves: Readonly<Record<string, Curve>>;
  /** How the snapshots of plugins are drawn, by plugin. */
  readonly snapshots: Readonly<Record<string, Curve>>;
  /** Charts of the run as a whole. */
  readonly charts: readonly LineChart[];
  readonly searched: readonly { name: string; size: number; kept: readonly number[] }[];
  readonly gallery: {
    /** Side of a picture, in pixels. */
    readonly tile: number;
    readonly captions: readonly string[];
    /** Classes that the pictures have colours for. */
    readonly legend: readonly string[];
    /** Of the images themselves. */
    readonly pictures: readonly Picture[];
  };
  readonly models: Readonly<Record<string, ModelAnalysis>>;
}

/** The folder of a model of a run: `compact-no-tnn` for compactNoTnn. */
export const folderOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
