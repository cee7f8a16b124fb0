import type {
  CompiledStep,
  Engine,
  Extension,
  ImageSet,
  LineChart,
  LoadedModel,
  ModelInfo,
  ModelLine,
} from '@kcr/core';
import type { InvalidPolicy, Pixels, TestViewOptions } from '@kcr/data';
import type { OnEvent } from '../events.ts';

/** Which images a checkpoint is evaluated on, and how they are read. */
export interface EvaluationData {
  /** Folder of the images. */
  readonly data: string;
  /** Of detectors: a COCO file of instances. */
  readonly annotations?: string;
  /** Of class maps: labels number objects of the second class. */
  readonly instanceIds?: boolean;
  /** Of class maps: 0 is no class, as in ADE20K. */
  readonly reduceZeroLabel?: boolean;
  /** Of class maps: sizes to look at, and mirrored images too. */
  readonly scales?: readonly number[];
  readonly flip?: boolean;
  /** Of classifiers: share of the resized image that is cut out, instead of the checkpoint's. */
  readonly cropRatio?: number;
  /** Entries that cannot be used. Default `error`. */
  readonly invalid?: InvalidPolicy;
  /** Memory for decoded images, where they are read more than once. */
  readonly cacheBytes?: number;
}

/** An image file with its pixels at its own size. */
export interface ImageFile {
  readonly path: string;
  readonly pixels: Pixels;
}

/** A compiled model with what its checkpoint says of its input. */
export interface Inference {
  /** Gives the outputs of the model's task. */
  readonly step: CompiledStep;
  readonly info: ModelInfo;
}

/** How a prediction is drawn. */
export interface DrawingOptions {
  /** Longest side in pixels. */
  readonly size?: number;
  /** Lowest score of an object that is drawn. */
  readonly score?: number;
}

/** A class that a drawing has a colour for. */
export interface LegendEntry {
  readonly index: number;
  readonly name: string;
}

/** What is written about a prediction besides its drawing, by the end of the file's name. */
export type PredictionFiles = Readonly<Record<string, Uint8Array>>;

/** Pictures of the same images side by side, as PNG. */
export interface PictureRow {
  readonly title: string;
  /** Name of the file, without its end. */
  readonly name: string;
  readonly png: Buffer;
  /** Rows of one group stand together, folded away: there are many, and few look at them. */
  readonly group?: string;
}

/** What a report shows of a model: pictures of the gallery's images, and charts. */
export interface ModelLook {
  readonly rows: readonly PictureRow[];
  readonly charts: readonly LineChart<ModelLine>[];
}

/** What a report shows of a task. */
export interface Gallery<S extends ImageSet> {
  /** Side of a picture, in pixels. */
  readonly tile: number;
  /** What stands over the images that are shown. */
  captions(data: S): string[];
  /** Classes that the pictures have colours for. */
  legend(data: S): readonly string[];
  /** The images themselves, and what is in them. */
  rows(data: S): Promise<PictureRow[]>;
  /**
   * What a model sees or finds in them.
   *
   * @param engine its state has the model's weights
   * @param name of the model, for titles
   */
  look(loaded: LoadedModel, data: S, engine: Engine, name: string): Promise<ModelLook>;
}

/** Something that evaluation can store besides its numbers. */
export interface Artifact<S extends ImageSet> {
  content(inference: CompiledStep, data: S, batchSize: number): Promise<Uint8Array | string>;
}

/**
 * A task beyond training: how its data are read, what its predictions are and how they look. A package that brings a task
 * of its own exports one under the task's name in a table `tasks`, beside the `heads` that are trained for it.
 */
export interface TaskKit<S extends ImageSet = ImageSet, P = unknown>
  extends Omit<Extension, 'name'> {
  /** Name of the task. */
  readonly task: string;
  /** Names of the kinds of data that it is trained on. */
  readonly kinds: readonly string[];
  /** Images as a checkpoint's model takes them. @throws KcrError `OPTION`, and those of reading them */
  evaluationData(loaded: LoadedModel, request: EvaluationData, on: OnEvent): Promise<S>;
  /** What evaluation can store, by name. */
  readonly artifacts: Readonly<Record<string, Artifact<S>>>;
  /** What a model says of an image. */
  predict(inference: Inference, image: ImageFile, options: TestViewOptions): Promise<P>;
  /** A prediction as JSON. @param id of the image */
  describe(prediction: P, image: ImageFile, id: number, classes: readonly string[]): object;
  /** An image with a prediction over it, as PNG. */
  draw(
    image: Pixels,
    prediction: P,
    classes: readonly string[],
    options: DrawingOptions,
  ): Promise<Buffer>;
  /** The classes that a drawing of a prediction shows by colour alone. */
  legend(prediction: P, classes: readonly string[]): LegendEntry[];
  /** Further files about a prediction. */
  files(prediction: P): PredictionFiles;
  readonly gallery: Gallery<S>;
}

/** Gives a task's kit its types where it is written. */
export const defineTaskKit = <S extends ImageSet, P>(kit: TaskKit<S, P>): TaskKit<S, P> => kit;
