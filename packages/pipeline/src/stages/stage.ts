import type { Communicator, MicroBatch } from '@kcr/core';
import type { Splits } from '../data/data-kind.ts';
import type { MakeEngine } from '../engine.ts';
import type { OnEvent } from '../events.ts';
import type { GivenWeights } from '../given-weights.ts';
import type { Recipe } from '../recipes/recipe.ts';

/** What every stage of a recipe needs. */
export interface StageContext {
  readonly recipe: Recipe;
  readonly data: Splits;
  /** Makes an engine; each stage has one of its own. */
  readonly engine: MakeEngine;
  /** The run's folder. */
  readonly directory: string;
  /** Weights from elsewhere that the run starts from. */
  readonly weights?: GivenWeights;
  /** A checkpoint whose backbone the compact model has, instead of a search. */
  readonly backbone?: string;
  /** Whom `retrain` learns from: see the recipe's `distillation.teacher`. */
  readonly teacher?: string;
  /** Modules that checkpoints may name: those that the caller trusts, and the recipe's own. */
  readonly trust: readonly string[];
  /** URL of the recipe's file: names of modules are resolved from it. Absent: from the process's folder. */
  readonly from?: string;
  readonly seed: number;
  /** The processes that run the stages together. Of these the first alone writes to the folder. */
  readonly communicator: Communicator;
  /** Images that are trained at once, at most. */
  readonly microBatch?: MicroBatch;
  /** Folder of trainings that have ended, which runs share. */
  readonly cache?: string;
  /** Seconds after which a training is saved within an epoch, too. */
  readonly checkpointEvery?: number;
  readonly on: OnEvent;
}

/**
 * A part of a run: from what stages before it gave to what those after it take. It keeps what it has made in the run's
 * folder, so that it is done once and goes on after an interruption.
 */
export interface Stage<I, O> {
  readonly name: string;
  run(input: I, context: StageContext): Promise<O>;
}

/** Gives a stage its types where it is written. */
export const defineStage = <I, O>(stage: Stage<I, O>): Stage<I, O> => stage;
