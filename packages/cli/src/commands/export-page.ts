import { basename, dirname, resolve } from 'node:path';
import { KcrError } from '@kcr/core';
import type { Precision } from '@kcr/onnx';
import { exportPage, loadCheckpoint, namedCheckpoints, type PageVariant } from '@kcr/pipeline';
import { type Command, Option } from 'commander';
import { CHECKPOINT, type CheckpointOptions, checkpointOf } from '../options.ts';
import { printResult } from '../output.ts';
import { progress } from '../progress.ts';
import { type CalibrationChoice, calibrationOf } from './calibration.ts';

/** Options of `kcr export` that say what a page is made of. */
export interface PageOptions {
  page?: string;
  beside?: string[];
  samples?: string[];
  title?: string;
}

interface PageCommandOptions extends PageOptions, CalibrationChoice, CheckpointOptions {
  opset?: number;
  precision?: Precision[];
  float?: string[];
  json?: boolean;
}

/** Adds `--page` and what belongs to it. */
export const withPage = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--page <folder>',
        'a static page on which images are shown to models side by side, instead of a file; <checkpoint> may be the folder of a run, for its dense and its compact model',
      ).conflicts(['out', 'for', 'batch', 'check', 'optimise']),
    )
    .option('--beside <checkpoint...>', `of --page: further models, each ${CHECKPOINT}`)
    .option('--samples <folder...>', 'of --page: images that it offers, a few of each folder')
    .option('--title <text>', 'of --page: its title (default: the name of the folder of the run)');

/** The folder that a checkpoint lies in, or the run itself, is what a page is called after. */
const titleOf = (place: string, models: number) =>
  place.includes('://') || models > 1
    ? basename(resolve(place))
    : basename(dirname(resolve(place))) || basename(resolve(place));

/** `kcr export --page`. */
export async function writePageCommand(
  checkpoint: string,
  options: PageCommandOptions,
): Promise<void> {
  const { page: folder, beside = [], samples, title, precision = [], opset, float, json } = options;
  const on = progress();
  const own = namedCheckpoints([checkpoint]);
  const variants: PageVariant[] = [];
  for (const { name, path } of namedCheckpoints([checkpoint, ...beside])) {
    const loaded = await loadCheckpoint(path, { ...checkpointOf(options), on });
    variants.push({ name, loaded, opset });
  }
  // Beside the models as they are the last one in other numbers: what is gained by each is seen.
  const { name, loaded } = variants.at(-1)!;
  const calibration = await calibrationOf(loaded, options, on);
  for (const numbers of precision.filter((own) => own !== 'fp32'))
    variants.push({
      name: `${name} ${numbers}`,
      loaded,
      opset,
      precision: numbers,
      float,
      calibration,
    });
  const result = await exportPage(variants, {
    folder: folder!,
    title: title ?? titleOf(checkpoint, own.length),
    images: samples,
  });
  if (json) return printResult(result, true);
  const { page, bytes, models, images } = result;
  printResult({
    page,
    bytes,
    models: models.join(', '),
    images,
    serve: `npx http-server ${folder}`,
  });
}

/** @throws KcrError `OPTION` for options of a page where none is written */
export function requirePage({ beside, samples, title }: PageOptions): void {
  for (const [name, value] of Object.entries({ beside, samples, title }))
    if (value !== undefined)
      throw new KcrError('OPTION', {
        where: `--${name}`,
        found: 'no --page that it is of',
        fix: 'Name the folder of a page with --page, or leave it out',
      });
}
