import type {
  Adapter,
  BlockOrder,
  Criterion,
  Dataset,
  Engine,
  Model,
  PrunedModel,
  StateDict,
} from '@kcr/core';
import type { lfs } from './lfs.ts';

/** Makes the token selector of a model that keeps so many image tokens in its first blocks. */
export type MakeTokenSelector = (counts: readonly number[]) => Adapter;

export interface CascadeOptions {
  /** The trained model. */
  model: Model;
  weights: StateDict;
  /** Holds no state; each step uses it and leaves it so. */
  engine: Engine;
  /** Training images, without augmentation. */
  data: Dataset;
  batchSize: number;
  seed: number;
  /** Percentage points of accuracy that all blocks together may cost; each may cost an equal part. */
  epsilon: number;
  /** Share of a block's part that its tokens may cost. */
  rho: number;
  /** Chooses tokens, e.g. `(counts) => lfe({ counts })`. Absent: channels alone are taken out. */
  tokenSelector?: MakeTokenSelector;
  /** Default: {@link lfs}. */
  criterion?: Criterion;
  /** Roles of the dimensions to prune. Default `qk`, `v` and `hidden`. */
  dims?: readonly string[];
  /** Default `bottom-up`. */
  order?: BlockOrder;
  /** Training images that the accuracy is measured on, equally many of each class. Default 5000. */
  calibrationImages?: number;
  /** Training images that channels are scored on. Default 2000. */
  scoringImages?: number;
  /** Fewest image tokens to keep, by block. Default 1 everywhere. */
  minTokens?: readonly number[];
  /** Folder for the state after each block; a cascade found there goes on. */
  directory?: string;
  /** Versions of the packages that take part, by name: a cascade goes on only with the same. */
  versions?: Readonly<Record<string, string>>;
  /** Called after each measured try. */
  onTry?(report: TryReport): void;
  /** Called after each block. */
  onBlock?(record: BlockRecord): void;
}

/** One measured try to take out more. */
export interface TryReport {
  block: string;
  /** The block's turn, from 1, and the number of blocks. */
  turn: number;
  blocks: number;
  what: 'tokens' | 'channels';
  /** How many it takes out of the block. */
  count: number;
  /** Percentage points below the model that came to the block, and most that may be. */
  drop: number;
  allowed: number;
}

/** What was taken out of a block. */
export interface BlockRecord {
  block: string;
  /** Image tokens after it, where it is a transformer block. */
  tokens?: number;
  /** Channels of its dimensions afterwards, by role. */
  channels: Record<string, number>;
  /** Percentage points below the model that came to it. */
  drop: number;
  macs: number;
  params: number;
  tries: number;
  /**
   * Of its channels, by role, before any went: shares in percent of equal bins between the lowest and the highest score, each
   * at its middle; of their logarithms, where all are above 0.
   */
  scores?: Record<string, { log: boolean; points: readonly (readonly [number, number])[] }>;
}

export interface CascadeResult extends PrunedModel {
  blocks: BlockRecord[];
}
