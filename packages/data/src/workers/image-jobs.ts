import { Generator, type Normalization } from '@kcr/core/ground';
import type { Augment } from '../augment.ts';
import { augmented } from '../augmented.ts';
import type { PortablePart } from '../described.ts';
import type { Extent } from '../extent.ts';
import type { EncodedImage, Pixels } from '../image.ts';
import { normalise, normalisingTables } from '../normalised.ts';
import { portableAugment } from '../portable-augments.ts';
import { type ImageReading, type Place, readFramed, readPlaced } from '../read-framed.ts';

/** An image that is to be made: plain data. */
export interface ImageJob {
  /** The image as it was read before, or its file. */
  readonly source: Pixels | Extent | EncodedImage;
  /** How it lies on the input, where that was chosen. Default: as `reading` says. */
  readonly place?: Place;
  /** Its random numbers from here on; none where nothing is drawn. */
  readonly random?: { readonly seed: number; readonly state: readonly number[] };
  /** Whether the image as it is read, before changes, is given back too, to be remembered. */
  readonly keep: boolean;
}

/** Some images of a batch. */
export interface ImageJobs {
  readonly jobs: readonly ImageJob[];
  readonly reading: ImageReading;
  readonly changes: readonly PortablePart[];
  /** How images are normalised, and where the first one's values go; without it images are given back as they are. */
  readonly out?: { readonly normalization: Normalization; readonly values: Float32Array };
}

/** An image that was made. */
export interface MadeImage {
  /** As it was read, in memory that threads share. */
  readonly kept?: Pixels;
  /** After its changes, where it was not written to `out`, and the state of its random numbers then. */
  readonly image?: Pixels;
  readonly state?: readonly number[];
}

/** Images that are read at once: one is decoded while another one is changed. */
const AT_ONCE = 2;

/** Changes that were made, by their JSON. */
const known = new Map<string, Promise<Augment>>();

const changeOf = (part: PortablePart): Promise<Augment> => {
  const key = JSON.stringify(part);
  const made = known.get(key) ?? portableAugment(part);
  known.set(key, made);
  return made;
};

/** The same image in memory that threads share. */
function shared({ data, shape }: Pixels): Pixels {
  const copy = new Uint8Array(new SharedArrayBuffer(data.length));
  copy.set(data);
  return { data: copy, shape };
}

function generatorOf({ seed, state }: NonNullable<ImageJob['random']>): Generator {
  const generator = new Generator(seed);
  generator.state = state;
  return generator;
}

const readJob = (
  source: ImageJob['source'],
  place: Place | undefined,
  reading: ImageReading,
  generator?: Generator,
): Pixels | Promise<Pixels> => {
  if ('data' in source) return source;
  return place ? readPlaced(source, reading.input, place) : readFramed(source, reading, generator);
};

/** Makes one image, up to normalisation. */
async function made(
  { source, place, random, keep }: ImageJob,
  reading: ImageReading,
  changes: readonly Augment[],
): Promise<Required<Pick<MadeImage, 'image'>> & MadeImage> {
  const generator = random && generatorOf(random);
  const read = await readJob(source, place, reading, generator);
  const image = generator ? augmented(read, changes, generator) : read;
  return { image, state: generator?.state, ...(keep && { kept: shared(read) }) };
}

/**
 * Makes images.
 *
 * @returns each, or what was thrown for it
 */
export async function makeImages({
  jobs,
  reading,
  changes: parts,
  out,
}: ImageJobs): Promise<(MadeImage | { readonly error: unknown })[]> {
  const size = (out?.values.length ?? 0) / jobs.length;
  const tables = out && normalisingTables(out.normalization, reading.input.input_size[0]);
  const results: (MadeImage | { readonly error: unknown })[] = new Array(jobs.length);
  const make = async (n: number): Promise<MadeImage> => {
    const changes = await Promise.all(parts.map(changeOf));
    const { image, state, kept } = await made(jobs[n]!, reading, changes);
    if (!out || !tables) return { image, state, kept };
    normalise(image, tables, out.values.subarray(n * size, (n + 1) * size));
    return { kept };
  };
  let next = 0;
  const work = async () => {
    while (next < jobs.length) {
      const n = next++;
      results[n] = await make(n).catch((error: unknown) => ({ error }));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results;
}
