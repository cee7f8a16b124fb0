import { type Generator, KcrError, type RefreshContext, range } from '@kcr/core';
import { type Features, joinRows, rows, toFeatures } from '@kcr/features';
import type { Matrix } from 'ml-matrix';
import { CrossSum, type LabelledMoments } from './labelled-sums.ts';
import { type LandmarkSampling, landmarkFeatures } from './landmarks.ts';
import { landmarkDirections } from './nystrom.ts';
import { CovarianceSum, type Eigen, eigen } from './spectrum.ts';

/** Images whose features are in memory at once where they are summed. */
const CHUNK = 4096;

/** Images that S is summed over where no number is given: all, but at most 50,000. */
export const readImages = (images: number): number => Math.min(images, 50_000);

/** Images that a refresh reads where it needs more than landmarks: all but at most {@link readImages}, or as many as are asked for, and all landmarks. */
export const imagesToRead = ({
  samples,
  images = readImages(samples),
  landmarks,
}: Pick<ReadOptions, 'samples' | 'images' | 'landmarks'>): number => Math.max(images, landmarks);

/** Images that landmarks are chosen among where their features decide, and no number is given: at least twice as many as landmarks. */
const candidateImages = (landmarks: number): number => Math.max(2 * landmarks, 5000);

/** @param where what the option is of @throws KcrError `OPTION` for a number of images outside 1..n */
export function checkImages(where: string, images: number | undefined, n: number): void {
  if (images === undefined || (Number.isInteger(images) && images >= 1 && images <= n)) return;
  throw new KcrError('OPTION', {
    where: `${where}, images`,
    found: String(images),
    fix: `Choose a whole number from 1 to ${n}`,
  });
}

/** Reads features of some images, by index. */
export type ReadsFeatures = Pick<RefreshContext, 'features'>;

/** What a refresh reads, and how it chooses landmarks. */
export interface ReadOptions {
  /** n, the number of training images. */
  samples: number;
  /** Of these, how many S is summed over; at least the landmarks. Default {@link readImages}. */
  images?: number;
  landmarks: number;
  sampling: LandmarkSampling;
  /** Whether S is needed. */
  needsAll: boolean;
  /** Whether the features of the images read are needed themselves, in float32: 4 d bytes for each. */
  keeps?: boolean;
  /** With S the sums of the classes are taken; `labels` of all training images. */
  labelled?: { labels: Int32Array; classes: number };
  generator: Generator;
}

/** What a refresh found. */
export interface Reading {
  /** m */
  readonly landmarks: number;
  /** V, and the eigenvalues of the landmarks' own covariance. */
  readonly directions: Eigen;
  /** S with its eigenpairs, where it was needed, and F^T Y / n where classes were told. */
  readonly all?: Pick<LabelledMoments, 's'> & {
    /** n, the images that S stands for. */
    readonly n: number;
    /** Of these, those that were read. */
    readonly read: number;
    readonly spectrum: Eigen;
    readonly cross?: Matrix;
  };
  /** The features that were read, part by part, with their indices, ascending; where they are needed themselves. */
  readonly parts?: readonly ReadPart[];
}

/**
 * Reads features between two epochs, part by part: in memory are S, a part, and the landmarks or those that they are chosen among, whatever the
 * number of images. Uniform landmarks are drawn from all that are read; other ways of choosing see 5,000 of these, or twice as many as landmarks.
 */
export async function readFeatures(context: ReadsFeatures, options: ReadOptions): Promise<Reading> {
  const { samples, landmarks, sampling, needsAll, keeps, labelled, generator } = options;
  const isUniform = sampling === 'uniform';
  // Other ways draw from the generator themselves.
  const order = (isUniform ? generator : generator.fork('images')).permutation(samples);
  const first = (count: number) =>
    count < samples ? order.slice(0, count).sort() : range(samples);
  const count = imagesToRead(options);
  const among = Math.min(count, candidateImages(landmarks));
  const candidates = isUniform ? order.slice(0, landmarks).sort() : first(among);
  if (!needsAll && !keeps) {
    const own = toFeatures(await context.features(candidates));
    return readingOf(isUniform ? own : landmarkFeatures(own, landmarks, sampling, generator));
  }
  const sums = needsAll ? new Sums(samples, labelled) : undefined;
  const parts: ReadPart[] = [];
  const kept: Features[] = [];
  let next = 0;
  for await (const { part, indices } of inParts(context, first(count))) {
    sums?.add(part, indices);
    if (keeps) parts.push({ part, indices });
    const own: number[] = [];
    indices.forEach((image, row) => {
      if (image !== candidates[next]) return;
      own.push(row);
      next++;
    });
    kept.push(rows(part, own));
  }
  const all = sums?.found;
  const own = joinRows(kept);
  const chosen = isUniform
    ? own
    : landmarkFeatures(own, landmarks, sampling, generator, all?.spectrum);
  return { ...readingOf(chosen, all), ...(keeps ? { parts } : {}) };
}

/** A part of the images, with their indices. */
export interface ReadPart {
  readonly part: Features;
  readonly indices: Int32Array;
}

/** Features of images, so many at once that memory does not grow with their number. */
export async function* inParts(
  { features }: ReadsFeatures,
  images: Int32Array,
): AsyncGenerator<ReadPart> {
  for (let from = 0; from < images.length; from += CHUNK) {
    const indices = images.subarray(from, from + CHUNK);
    yield { part: toFeatures(await features(indices)), indices };
  }
}

/** What is summed over images. */
class Sums {
  #s: CovarianceSum | undefined;
  #cross: CrossSum | undefined;

  constructor(
    private readonly samples: number,
    private readonly labelled: ReadOptions['labelled'],
  ) {}

  add(part: Features, indices: Int32Array): void {
    this.#s ??= new CovarianceSum(part.d);
    if (this.labelled) {
      const { labels, classes } = this.labelled;
      this.#cross ??= new CrossSum(part.d, classes);
      this.#cross.add(
        part,
        indices.map((i) => labels[i]!),
      );
    }
    this.#s.add(part);
  }

  get found(): NonNullable<Reading['all']> {
    const sum = this.#s!;
    const s = sum.matrix();
    const cross = this.#cross?.matrix();
    const facts = { n: this.samples, read: sum.n };
    return { ...facts, s, spectrum: eigen(s), ...(cross ? { cross } : {}) };
  }
}

const readingOf = (landmarks: Features, all?: Reading['all']): Reading => ({
  landmarks: landmarks.n,
  directions: landmarkDirections(landmarks),
  ...(all ? { all } : {}),
});
