import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { architectures, createModel } from '@kcr/backbones';
import {
  type Dataset,
  type Engine,
  type EpochRecord,
  type FitOptions,
  fit,
  loadModel,
  type Model,
  type PrunedModel,
  plainPreprocessing,
  saveModel,
} from '@kcr/core';
import {
  horizontalFlip,
  type ImageSource,
  imageDataset,
  randomCrop,
  transpose,
  verticalFlip,
} from '@kcr/data';
import { createOnnxEngine } from '@kcr/onnx';
import { perImage, rightImages } from '../../experiments/src/right-images.ts';
import { type Backbone, backbones } from './backbones.ts';

/** How a training differs from the lab's. */
export interface Training extends Partial<Pick<FitOptions, 'plugins' | 'initial' | 'validation'>> {
  readonly epochs: number;
  readonly seed: number;
  readonly lr?: number;
  readonly warmupEpochs?: number;
  /** Default: the training images. */
  readonly train?: Dataset;
}

/** A model with its weights after training, and what the log says of each epoch. */
export interface Trained extends PrunedModel {
  readonly history: readonly EpochRecord[];
}

/** Of EuroSAT. */
const CLASSES = 10;

/** Epochs of a training from scratch. */
export const EPOCHS = 20;

/** The images of the experiments. */
export interface Sources {
  readonly train: ImageSource;
  readonly test: ImageSource;
}

/** The same as data sets. */
export interface Splits {
  readonly train: Dataset;
  readonly test: Dataset;
}

const normalization = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

/** Images to train on. */
export const forTraining = (source: ImageSource): Dataset =>
  imageDataset(source, {
    normalization,
    augment: [horizontalFlip(), verticalFlip(), transpose(), randomCrop(4)],
  });

/** Images to test with. */
export const forTest = (source: ImageSource): Dataset => imageDataset(source, { normalization });

/** Data, and what every experiment does with models. */
export class Lab {
  readonly #read = new Map<number, Promise<Sources>>();

  constructor(
    /** Reads the images at a size. */
    private readonly images: (size: number) => Promise<Sources>,
    /** Folder of dense models, which several experiments share. */
    private readonly folder: string,
  ) {}

  /** The images at a model's size. */
  sources({ inputShape: [size] }: Model): Promise<Sources> {
    const read = this.#read.get(size) ?? this.images(size);
    this.#read.set(size, read);
    return read;
  }

  /** The data sets at a model's size. */
  async data(model: Model): Promise<Splits> {
    const { train, test } = await this.sources(model);
    return { train: forTraining(train), test: forTest(test) };
  }

  /**
   * Runs something with an engine of its own. It has one thread: models as small as these gain nothing by more, and two
   * experiments can run side by side.
   */
  async withEngine<T>(run: (engine: Engine) => Promise<T>): Promise<T> {
    await using engine = createOnnxEngine({ threads: 1 });
    return await run(engine);
  }

  /** Weights that a model has after training. */
  async trained(model: Model, training: Training): Promise<Trained> {
    const { epochs, seed, lr = 1e-3, warmupEpochs = 0, plugins, initial, validation } = training;
    const train = training.train ?? (await this.data(model)).train;
    const { weights, history } = await this.withEngine((engine) =>
      fit({
        model,
        engine,
        train,
        epochs,
        batchSize: 50,
        seed,
        optimizer: { lr, minLr: lr / 100, warmupEpochs, weightDecay: 0.05 },
        labelSmoothing: 0.1,
        emaDecay: 0.98,
        plugins,
        initial,
        validation,
      }),
    );
    return { model, weights, history };
  }

  /** A backbone trained from scratch, once for each seed. */
  async dense(backbone: Backbone, seed: number): Promise<PrunedModel> {
    const directory = join(this.folder, `${backbone}-${seed}`);
    const done = join(directory, 'done');
    if (!existsSync(done)) {
      const { name, config } = backbones[backbone];
      const model = createModel(name, { ...config, num_classes: CLASSES });
      const { train, test } = await this.data(model);
      const { weights } = await this.trained(model, { epochs: EPOCHS, seed, warmupEpochs: 2 });
      const input = test.input ?? plainPreprocessing(train.shape);
      await saveModel(directory, model, weights, { classes: train.classes, input });
      await writeFile(done, '');
    }
    return loadModel(directory, {
      architecture: (_, name) => architectures[name]!,
      adapter: (_, name) => {
        throw new Error(`a dense model with an adapter ${name}`);
      },
    });
  }

  /** Which images a model classifies rightly, as `toBits` writes it. */
  async right(candidate: PrunedModel, images?: Dataset): Promise<string> {
    const data = images ?? (await this.data(candidate.model)).test;
    return this.withEngine((engine) => rightImages(engine, candidate, data));
  }

  /** The class that a model sees in each image. */
  async predicted(candidate: PrunedModel, images: Dataset): Promise<Int32Array> {
    const classes = this.withEngine((engine) =>
      perImage(engine, candidate, images, (logits) => logits.indexOf(Math.max(...logits))),
    );
    return Int32Array.from(await classes);
  }
}
