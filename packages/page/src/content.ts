import type { Preprocessing, TokenLayout } from '@kcr/core';

/** The tasks whose predictions a page shows, by their names. */
export const SHOWN_TASKS = [
  'classification',
  'instance detection',
  'semantic segmentation',
] as const;
export type ShownTask = (typeof SHOWN_TASKS)[number];

/** Where a model looks, as a file of its own. */
export interface PageMap {
  /** Path of the ONNX file of Grad-CAM, from the page. */
  readonly file: string;
  /** Where its values lie. */
  readonly layout: TokenLayout;
}

/** A model on a page. */
export interface PageModel {
  readonly name: string;
  /** Path of the ONNX file, from the page. */
  readonly file: string;
  readonly bytes: number;
  /** Multiply-accumulates of one image. */
  readonly macs: number;
  readonly params: number;
  /** How an image becomes its input. */
  readonly input: Preprocessing;
  /** Of classifiers. */
  readonly map?: PageMap;
}

/** An image that comes with a page. */
export interface PageImage {
  /** Path, from the page. */
  readonly file: string;
  /** Its file's name where it is from. */
  readonly name: string;
  /** What it is labelled as. */
  readonly label?: string;
}

/** What is on a page. The first model is the one that the others are compared with. */
export interface PageContent {
  readonly title: string;
  readonly task: ShownTask;
  readonly classes: readonly string[];
  readonly models: readonly PageModel[];
  readonly images: readonly PageImage[];
  /** Version of the toolkit. */
  readonly version: string;
}
