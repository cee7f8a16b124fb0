import type {
  Extension,
  ImageSet,
  Model,
  Normalization,
  Preprocessing,
  StandardSchema,
} from '@kcr/core';
import type { OnEvent } from '../events.ts';

/** Images to train on and to test on. */
export interface Splits<S extends ImageSet = ImageSet> {
  readonly train: S;
  readonly test: S;
}

/** What data are read for. */
export interface DataContext {
  /** Folder that the paths of a recipe's data are in. */
  readonly root: string;
  readonly model: Model;
  readonly normalization: Normalization;
  /** How the weights that the run starts from were shown images: what `data` does not say is like that. */
  readonly input?: Preprocessing;
  readonly on: OnEvent;
  /** URL of the file that the recipe is in: names of modules are resolved from it. Absent: from the process's folder. */
  readonly from?: string;
}

/** One of several parts of training images, which a model that is trained on the others is measured on. */
export interface Fold {
  /** Which part, from 0. */
  readonly fold: number;
  /** How many parts there are. */
  readonly folds: number;
  /** The parts are drawn by it. */
  readonly seed: number;
  /** Share of each class's training images that takes part, above 0, at most 1. */
  readonly share: number;
}

/** A kind of data that a recipe may have: what its `data` says, and how that is read. What it needs is checked before it is read. */
export interface DataKind<O = unknown, S extends ImageSet = ImageSet> extends Extension {
  /** Of `data` without the fields that all kinds have: `kind`, `root`, `normalization`. */
  readonly schema: StandardSchema<O>;
  /** @throws KcrError where the data cannot be read */
  read(options: O, context: DataContext): Promise<Splits<S>>;
  /**
   * The same data as a recipe writes them, with a part of the training images in the place of the test images, which are not read.
   * Absent: images of this kind cannot be parted.
   */
  folded?(data: Readonly<Record<string, unknown>>, fold: Fold): Record<string, unknown>;
}

/** Gives a kind of data its types where it is written. */
export const defineDataKind = <O, S extends ImageSet>(kind: DataKind<O, S>): DataKind<O, S> => kind;
