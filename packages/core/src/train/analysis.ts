import type { Engine } from '../engine/engine.ts';
import type { NdArray } from '../ground/array.ts';
import {
  type Definition,
  defineExtension,
  type Extension,
  type Maker,
} from '../ground/extension.ts';
import type { Generator } from '../ground/random.ts';
import type { ImageSet } from '../model/batch.ts';
import type { Model } from '../model/model.ts';
import type { StateDict } from '../model/state-dict.ts';
import type { Column, Line, LineChart } from './chart.ts';

/** What an analysis of a trained model may use. */
export interface AnalysisContext {
  /** Name of the model in its run. */
  readonly name: string;
  readonly model: Model;
  readonly weights: StateDict;
  /** Its state has the weights. */
  readonly engine: Engine;
  /** Training images; without augmentation where they are read without a generator. */
  readonly train: ImageSet;
  readonly test: ImageSet;
  readonly batchSize: number;
  /** A stream of random numbers of this analysis' own, the same for every model of a run. */
  readonly generator: Generator;
  /**
   * Features of training images under the model's weights, without augmentation. Those of all images are 4 n d bytes: what sums over
   * them, or needs a sample, asks for some at a time.
   *
   * @param indices which images; default all. Where there is room for all they are computed once for all analyses
   * @returns float32 [n, d]
   */
  features(indices?: Int32Array): Promise<NdArray>;
}

/** A line of a model's; without a name it is named after the model. */
export type ModelLine = Omit<Line, 'name'> & Partial<Pick<Line, 'name'>>;

/** What an analysis found of one model. */
export interface AnalysisResult {
  /** By key, in the order of the summary; numbers that the model does not have are absent. */
  readonly numbers: Readonly<Record<string, number>>;
  /** Charts of the same title are one chart over all models of a run. */
  readonly charts?: readonly LineChart<ModelLine>[];
}

/** A measurement of trained models, for the table and the charts of a report. */
export interface Analysis extends Extension {
  /** What it was made with, as JSON. */
  readonly options: object;
  /** What a table shows of its numbers. */
  readonly columns: readonly Column[];
  measure(context: AnalysisContext): Promise<AnalysisResult>;
}

/** An analysis with options, as its author writes it. */
export interface AnalysisDefinition<O, I = O> extends Definition<O, I> {
  /** What a table shows of its numbers. */
  readonly columns: Analysis['columns'];
  /** Measures a model, with options. */
  measure(options: O): Analysis['measure'];
}

/**
 * Defines an analysis with options.
 *
 * @example
 * export const featureScale = defineAnalysis({
 *   name: 'feature-scale',
 *   contract: 1,
 *   columns: [{ number: 'scale', title: 'mean |f|' }],
 *   measure: () => async ({ features }) => {
 *     const { data } = await features();
 *     const sum = Array.from(data).reduce((total, x) => total + Math.abs(x), 0);
 *     return { numbers: { scale: sum / data.length } };
 *   },
 * });
 */
export const defineAnalysis = <O extends object, I extends object = O>(
  definition: AnalysisDefinition<O, I>,
): Maker<I, Analysis> =>
  defineExtension('analysis', definition, (options) => ({
    columns: definition.columns,
    measure: definition.measure(options),
  }));
