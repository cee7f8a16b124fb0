import type { ImageSet, Model, ModelParts } from '@kcr/core';
import type { AuthorLines } from '../author-lines.ts';

/** A model that is looked at, and what is needed for it. */
export interface ModelSubject {
  /** What stands before its paths in messages, such as `vit, `; empty where there is one model. */
  readonly prefix: string;
  readonly model: Model;
  /** Images to train on; nothing where none can be made. */
  readonly images?: ImageSet;
  /** Finds the parts of the model again. */
  readonly parts: ModelParts;
  readonly lines: AuthorLines;
  /** How far apart results may lie, as a share of the largest value, or of 1. */
  readonly tolerance: number;
  /** Whether something reads attention of all heads together, for which a masked head is not one that is gone. */
  readonly readsHeads?: boolean;
}

/** Where in a model something is, with the author's line. */
export const placeOf = ({ prefix, lines }: ModelSubject, path: string): string =>
  prefix + lines.at(path);

/** Why what needs images is left out. */
export const NO_IMAGES = 'there are no images of its task to train on: give `images`';
