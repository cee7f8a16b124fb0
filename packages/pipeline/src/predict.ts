import { readdir, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { compileInference, KcrError, writeAtomic } from '@kcr/core';
import { type InvalidPolicy, isImage, readSource, type TestViewOptions } from '@kcr/data';
import { engineMaker, type MakeEngine } from './engine.ts';
import type { OnEvent } from './events.ts';
import { loadCheckpoint, type Trust } from './load-checkpoint.ts';
import { requireWritable } from './out/writable.ts';
import { withLegend } from './report/draw.ts';
import { reportSkipped } from './report-skipped.ts';
import { findTaskKit } from './tasks/find-task-kit.ts';

export interface PredictOptions extends Pick<TestViewOptions, 'scales' | 'flip'>, Trust {
  /** Folder of the checkpoint. */
  model: string;
  /** For the drawings and `predictions.json`. */
  out: string;
  /** Lowest score of an object that is drawn. Default 0.3. */
  score?: number;
  /** Images that cannot be read: an error, or left out and counted. Default `error`. */
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
  const { out, score, scales, flip, engine: makeEngine = engineMaker() } = options;
  const { invalid = 'error', on = () => {} } = options;
  const jobs = await jobsOf(inputs);
  checkOutputs(
    jobs,
    jobs.map(({ name }) => join(out, `${name}.png`)),
  );
  const { model, weights, info } = await loadCheckpoint(options.model, options);
  const { classes } = info;
  const kit = await findTaskKit(model);
  await requireWritable(out);
  await using engine = await makeEngine();
  engine.set(weights);
  await using step = compileInference(engine, model);
  const images: PredictedImage[] = [];
  const skipped: Record<string, number> = {};
  const read = (path: string) =>
    readSource(path, info.input).catch((error: unknown) => {
      if (invalid === 'error' || !(error instanceof KcrError)) throw error;
      skipped[error.code] = (skipped[error.code] ?? 0) + 1;
      return undefined;
    });
  for (const [i, { path, name }] of jobs.entries()) {
    const pixels = await read(path);
    if (!pixels) continue;
    const image = { path, pixels };
    const prediction = await kit.predict({ step, info }, image, { scales, flip });
    const further = Object.entries(kit.files(prediction)).map(
      ([end, bytes]) => [join(out, `${name}${end}`), bytes] as const,
    );
    checkOutputs(
      jobs,
      further.map(([file]) => file),
    );
    const drawing = await kit.draw(pixels, prediction, classes, { score });
    const legend = kit.legend(prediction, classes);
    const file = join(out, `${name}.png`);
    await writeAtomic(file, legend.length > 0 ? await withLegend(drawing, legend) : drawing);
    for (const [path, bytes] of further) await writeAtomic(path, bytes);
    const [height, width] = pixels.shape;
    const said = kit.describe(prediction, image, i + 1, classes);
    images.push({ id: i + 1, image: path, drawing: file, height, width, ...said });
    on({ type: 'predicted', image: path, drawing: file, done: i + 1, images: jobs.length });
  }
  reportSkipped(on, inputs.join(', '), { skipped });
  const file = join(out, 'predictions.json');
  const predictions = { classes, images };
  await writeAtomic(file, `${JSON.stringify(predictions, null, 1)}\n`);
  return { predictions, file };
}
