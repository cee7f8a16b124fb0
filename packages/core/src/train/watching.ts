import { KcrError } from '../ground/error.ts';
import type { Generator } from '../ground/random.ts';
import type { Dataset, ImageSet } from '../model/batch.ts';
import { balancedSample } from './balanced-sample.ts';
import { subset } from './subset.ts';

/** How much of the validation images a training looks at before its end; after its last epoch it looks at all. */
export interface Watching {
  /** Epochs from one evaluation to the next. Default 1. */
  evaluateEvery?: number;
  /**
   * Images that are evaluated before the last epoch: the same ones each time, of all classes alike, drawn by the seed. Their numbers are
   * called otherwise in the log (`valSampleTop1`). Default: all.
   */
  evaluateImages?: number;
}

/** What is evaluated after an epoch. */
export interface Watched {
  readonly images: ImageSet;
  /** How the log tells their numbers from those of all images: `sample`, or nothing. */
  readonly way: '' | 'sample';
}

/**
 * What is evaluated after each epoch.
 *
 * @param generator draws the sample
 * @returns a function of the number of epochs done, which gives nothing where none is due
 * @throws KcrError `OPTION` where a sample is asked for of images that have no class of their own
 */
export function watchedImages(
  validation: ImageSet | undefined,
  { evaluateEvery = 1, evaluateImages, epochs }: Watching & { readonly epochs: number },
  generator: Generator,
): (done: number) => Watched | undefined {
  if (!validation) return () => undefined;
  const all: Watched = { images: validation, way: '' };
  const some: Watched =
    evaluateImages !== undefined && evaluateImages < validation.length
      ? { images: sampleOf(validation, evaluateImages, generator), way: 'sample' }
      : all;
  return (done) => {
    if (done === epochs) return all;
    return done % evaluateEvery === 0 ? some : undefined;
  };
}

function sampleOf(validation: ImageSet, images: number, generator: Generator): ImageSet {
  if ('labels' in validation) {
    const labelled = validation as Dataset;
    return subset(labelled, balancedSample(labelled, images, generator));
  }
  throw new KcrError('OPTION', {
    where: 'evaluateImages',
    found: 'images that have no class of their own, of which no sample is drawn',
    fix: 'Leave it out, and evaluate less often: evaluateEvery',
  });
}
