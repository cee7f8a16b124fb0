import { mkdir, readdir, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { KcrError, writeAtomic } from '@kcr/core';
import { isImage, type Pixels, readImage } from '@kcr/data';
import { toCoco } from '@kcr/detect';
import type { Target } from '@kcr/onnx';
import { encode } from 'fast-png';
import { createEngine, type EngineName } from '../engine.ts';
import { printResult } from '../output.ts';
import { DRAWN_SCORE, drawPrediction, type Prediction, predictor } from '../predictions.ts';
import { withLegend } from '../report/draw.ts';
import { loadCheckpoint } from '../sources.ts';

export interface PredictOptions {
  model: string;
  out: string;
  score?: number;
  scales?: number[];
  flip: boolean;
  engine: EngineName;
  device: Target;
  json?: boolean;
}

/** An image to read, and the name of what is written about it. */
interface Job {
  path: string;
  name: string;
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

/** @throws KcrError `OUT_OVERWRITES` where a drawing would take the place of an image that is read */
function checkOutputs(jobs: readonly Job[], out: string): void {
  const read = new Set(jobs.map(({ path }) => resolve(path)));
  for (const { name } of jobs)
    for (const file of [`${name}.png`, `${name}.labels.png`])
      if (read.has(resolve(out, file)))
        throw new KcrError('OUT_OVERWRITES', {
          where: join(out, file),
          found: 'an image that is to be read',
          fix: 'Choose another output folder',
        });
}

/** Which classes a prediction has, in their order. */
function classesIn(prediction: Prediction, classes: readonly string[]) {
  const present = new Set<number>();
  if (prediction.kind === 'map') for (const label of prediction.map.data) present.add(label);
  return classes.map((name, index) => ({ index, name })).filter(({ index }) => present.has(index));
}

/** A prediction as JSON. */
function described(prediction: Prediction, classes: readonly string[], image: Pixels, id: number) {
  const [height, width] = image.shape;
  if (prediction.kind === 'classes')
    return {
      top: prediction.top.map(({ label, probability }) => ({ class: classes[label], probability })),
    };
  if (prediction.kind === 'map') {
    const pixels = new Map<number, number>();
    for (const label of prediction.map.data) pixels.set(label, (pixels.get(label) ?? 0) + 1);
    const shares = classesIn(prediction, classes).map(
      ({ index, name }) => [name, pixels.get(index)! / (height * width)] as const,
    );
    return { shares: Object.fromEntries(shares) };
  }
  const categories = classes.map((_, i) => ({ id: i + 1 }));
  return { objects: toCoco(prediction.objects, id, categories) };
}

/**
 * `kcr predict`: what a checkpoint says of images. Into the folder go `predictions.json`, a drawing of each image, and
 * of class maps the map itself, `NAME.labels.png`.
 */
export async function predictCommand(
  inputs: readonly string[],
  options: PredictOptions,
): Promise<void> {
  const { out, score = DRAWN_SCORE } = options;
  const jobs = await jobsOf(inputs);
  checkOutputs(jobs, out);
  const loaded = await loadCheckpoint(options.model);
  const { classes } = loaded.info;
  const channels = loaded.model.inputShape[2] as 1 | 3;
  const engine = await createEngine(options.engine, options.device);
  const predict = predictor(loaded, engine);
  await mkdir(out, { recursive: true });
  const results: object[] = [];
  for (const [i, { path, name }] of jobs.entries()) {
    const image = await readImage(path, channels);
    const prediction = await predict(image, { scales: options.scales, flip: options.flip });
    const drawing = await drawPrediction(image, prediction, classes, { score });
    const shown = classesIn(prediction, classes);
    const file = join(out, `${name}.png`);
    await writeAtomic(file, shown.length > 0 ? await withLegend(drawing, shown) : drawing);
    if (prediction.kind === 'map') {
      const { map } = prediction;
      const png = encode({ ...map, channels: 1, depth: 8 });
      await writeAtomic(join(out, `${name}.labels.png`), png);
    }
    const [height, width] = image.shape;
    const said = described(prediction, classes, image, i + 1);
    results.push({ id: i + 1, image: path, drawing: file, height, width, ...said });
    process.stderr.write(`${path}: ${file} (${i + 1}/${jobs.length})\n`);
  }
  await engine.dispose();
  await writeAtomic(
    join(out, 'predictions.json'),
    `${JSON.stringify({ classes, images: results }, null, 1)}\n`,
  );
  if (options.json) process.stdout.write(`${JSON.stringify({ classes, images: results })}\n`);
  else printResult({ images: jobs.length, predictions: join(out, 'predictions.json') }, false);
}
