import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { compileInference, KcrError, requireClasses } from '@kcr/core';
import { writeAtomic } from '@kcr/core/internal';
import {
  type InvalidPolicy,
  isImage,
  type Pixels,
  Refusals,
  readEach,
  readSource,
  type TestViewOptions,
} from '@kcr/data';
import { engineMaker, type MakeEngine } from './engine.ts';
import type { OnEvent } from './events.ts';
import { loadCheckpoint, type ReadAs } from './load-checkpoint.ts';
import { requireWritable } from './out/writable.ts';
import { withLegend } from './report/draw.ts';
import { reportSkipped } from './report-skipped.ts';
import { findTaskKit } from './tasks/find-task-kit.ts';
import type { Inference, TaskKit } from './tasks/task-kit.ts';

export interface PredictOptions extends Pick<TestViewOptions, 'scales' | 'flip'>, ReadAs {
  /** Folder of the checkpoint. */
  model: string;
  /** For the drawings and `predictions.json`. */
  out: string;
  /** Lowest score of an object that is drawn. Default 0.3. */
  score?: number;
  /**
   * Images that cannot be read: an error, for which several are all read once before anything is written, or left out and
   * counted. Default `error`.
   */
  invalid?: InvalidPolicy;
  /** Makes the engine. Default: {@link engineMaker}'s. */
  engine?: MakeEngine;
  on?: OnEvent;
}

/** What a model says of one image. */
export interface PredictedImage extends Record<string, unknown> {
  id: number;
  image: string;
  drawing: string;
  height: number;
  width: number;
}

export interface PredictResult {
  /** As `predictions.json` has them. */
  readonly predictions: {
    readonly classes: readonly string[];
    readonly images: readonly PredictedImage[];
  };
  /** Path of `predictions.json`. */
  readonly file: string;
}

/** An image to read, and the name of what is written about it. */
interface Job {
  readonly path: string;
  readonly name: string;
}

/** The images of files and folders. @throws KcrError `PREDICT_INPUT` */
async function jobsOf(inputs: readonly string[]): Promise<Job[]> {
  const paths: string[] = [];
  for (const input of inputs) {
    const found = await stat(input).catch(() => undefined);
    if (found?.isDirectory())
      paths.push(
        ...(await readdir(input))
          .filter(isImage)
          .sort()
          .map((file) => join(input, file)),
      );
    else if (found) paths.push(input);
    else
      throw new KcrError('PREDICT_INPUT', {
        where: input,
        found: 'no such file or folder',
        fix: 'Pass images, or folders with images',
      });
  }
  if (paths.length === 0)
    throw new KcrError('PREDICT_INPUT', {
      where: inputs.join(', '),
      found: 'no images',
      fix: 'Pass JPEG, PNG or other image files, or folders with them',
    });
  const times = new Map<string, number>();
  return paths.map((path) => {
    const stem = basename(path, extname(path));
    const n = (times.get(stem) ?? 0) + 1;
    times.set(stem, n);
    return { path, name: n > 1 ? `${stem}-${n}` : stem };
  });
}

/** @throws KcrError `OUT_OVERWRITES` where a file would take the place of an image that is read */
function checkOutputs(jobs: readonly Job[], files: readonly string[]): void {
  const read = new Set(jobs.map(({ path }) => resolve(path)));
  for (const file of files)
    if (read.has(resolve(file)))
      throw new KcrError('OUT_OVERWRITES', {
        where: file,
        found: 'an image that is to be read',
        fix: 'Choose another output folder',
      });
}

/** What predicts, and where to. */
interface Predicting {
  readonly kit: TaskKit;
  readonly inference: Inference;
  readonly jobs: readonly Job[];
  readonly options: PredictOptions;
}

/** Predicts an image, and writes the drawing and the further files about it. @throws KcrError `OUT_OVERWRITES` */
async function predictImage(
  { kit, inference, jobs, options }: Predicting,
  { path, name }: Job,
  pixels: Pixels,
  id: number,
): Promise<PredictedImage> {
  const { out, score, scales, flip } = options;
  const { classes } = inference.info;
  const image = { path, pixels };
  const prediction = await kit.predict(inference, image, { scales, flip });
  const further = Object.entries(kit.files(prediction)).map(
    ([end, bytes]) => [join(out, `${name}${end}`), bytes] as const,
  );
  checkOutputs(
    jobs,
    further.map(([file]) => file),
  );
  const picture = await kit.draw(pixels, prediction, classes, { score });
  const legend = kit.legend(prediction, classes);
  const drawing = join(out, `${name}.png`);
  await writeAtomic(drawing, legend.length > 0 ? await withLegend(picture, legend) : picture);
  for (const [file, bytes] of further) await writeAtomic(file, bytes);
  const [height, width] = pixels.shape;
  const said = kit.describe(prediction, image, id, classes);
  return { id, image: path, drawing, height, width, ...said };
}

/**
 * What a checkpoint says of images. Into the folder go `predictions.json`, a drawing of each image, and further files that
 * the task's kit gives (of class maps the map itself, `NAME.labels.png`).
 *
 * @param inputs image files, or folders with them
 * @throws KcrError `PREDICT_INPUT`, `OUT_OVERWRITES`, `OUT_WRITE`, `IMAGE_READ`, and those of loading the checkpoint
 */
export async function predict(
  inputs: readonly string[],
  options: PredictOptions,
): Promise<PredictResult> {
  const { out, engine: makeEngine = engineMaker(), invalid = 'error', on = () => {} } = options;
  const jobs = await jobsOf(inputs);
  checkOutputs(
    jobs,
    jobs.map(({ name }) => join(out, `${name}.png`)),
  );
  const { model, weights, info } = await loadCheckpoint(options.model, options);
  requireClasses(model, options.model);
  const kit = await findTaskKit(model);
  await requireWritable(out);
  await using engine = await makeEngine();
  engine.set(weights);
  await using step = compileInference(engine, model);
  const predicting = { kit, inference: { step, info }, jobs, options };
  const refusals = new Refusals(invalid);
  // Nothing is written about some images of those of which one cannot be read.
  if (invalid === 'error' && jobs.length > 1)
    await readEach(jobs, ({ path }) => readSource(path, info.input));
  const images: PredictedImage[] = [];
  for (const [i, job] of jobs.entries()) {
    const pixels = await refusals.attempt(() => readSource(job.path, info.input));
    if (!pixels) continue;
    const image = await predictImage(predicting, job, pixels, i + 1);
    images.push(image);
    const { drawing } = image;
    on({ type: 'predicted', image: job.path, drawing, done: i + 1, images: jobs.length });
  }
  reportSkipped(on, inputs.join(', '), refusals);
  const file = join(out, 'predictions.json');
  const predictions = { classes: info.classes, images };
  await writeAtomic(file, `${JSON.stringify(predictions, null, 1)}\n`);
  return { predictions, file };
}
