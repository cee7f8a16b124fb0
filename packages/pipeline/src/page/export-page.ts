import { isDeepStrictEqual } from 'node:util';
import { classification, KcrError, type LoadedModel, requireClasses, taskOf } from '@kcr/core';
import { gradCamStep, tapsOf } from '@kcr/explain';
import { type ExportOptions, exportOnnx } from '@kcr/onnx';
import {
  type PageModel,
  requirePageFolder,
  SHOWN_TASKS,
  type ShownTask,
  writePage,
} from '@kcr/page';
import { exportCheckpoint, exportMetadata } from '../export-checkpoint.ts';
import { requireWritable } from '../out/writable.ts';
import { pageImages, type ResizedImage } from './page-images.ts';

/** A checkpoint on a page, and how its file is written. */
export interface PageVariant extends Omit<ExportOptions, 'metadata' | 'step' | 'batch'> {
  readonly name: string;
  readonly loaded: LoadedModel;
}

export interface ExportPageOptions {
  /** The page's folder: new, empty, or a page that is to be written anew. */
  readonly folder: string;
  readonly title: string;
  /** Folders of images that the page offers, a few of each. Default: none. */
  readonly images?: readonly string[];
}

export interface ExportedPage {
  /** Path of `index.html`. */
  readonly page: string;
  /** Of all files. */
  readonly bytes: number;
  readonly models: readonly string[];
  /** How many images it offers. */
  readonly images: number;
}

const refuse = (where: string, found: string, fix: string): never => {
  throw new KcrError('EXPORT_FORM', { where, found, fix });
};

/** The task of all variants. @throws KcrError `TASK_CLASSES`, `EXPORT_FORM` where they cannot be compared */
function sharedTask(variants: readonly PageVariant[]): ShownTask {
  const [first] = variants;
  for (const { loaded } of variants) requireClasses(loaded.model, loaded.model.architecture.name);
  const { name } = taskOf(first!.loaded.model);
  for (const { name: own, loaded } of variants.slice(1)) {
    if (taskOf(loaded.model).name !== name)
      refuse(
        own,
        `a model of ${taskOf(loaded.model).name} beside one of ${name}`,
        'Show models of one task',
      );
    if (!isDeepStrictEqual(loaded.info.classes, first!.loaded.info.classes))
      refuse(own, `other classes than ${first!.name} has`, 'Show models of the same classes');
  }
  const shown = SHOWN_TASKS.find((task) => task === name);
  return (
    shown ??
    refuse(first!.name, `a model of ${name}`, `A page shows models of ${SHOWN_TASKS.join(', ')}`)
  );
}

/** Where a classifier looks: the layout of its Grad-CAM, and its file. */
async function mapOf({ loaded, opset }: PageVariant) {
  const { model, weights } = loaded;
  if (taskOf(model).name !== classification.name || tapsOf(model, 'in').length === 0)
    return undefined;
  const { layout, run } = gradCamStep(model);
  const step = { inputs: ['label'], run };
  return { layout, bytes: await exportOnnx(model, weights, { step, batch: 1, opset }) };
}

/** The files of variants, by their paths, and what the page knows of each. */
async function modelsOf(variants: readonly PageVariant[]) {
  const files: Record<string, Uint8Array> = {};
  const models: PageModel[] = [];
  /** One for a checkpoint, in whatever numbers it is shown: rounding has no gradient. */
  const maps = new Map<LoadedModel, PageModel['map']>();
  for (const [i, variant] of variants.entries()) {
    const { name, loaded, ...options } = variant;
    const { model, info } = loaded;
    if (!maps.has(loaded)) {
      const map = await mapOf(variant);
      const file = `models/${i}-grad-cam.onnx`;
      if (map) files[file] = map.bytes;
      maps.set(loaded, map && { file, layout: map.layout });
    }
    const file = `models/${i}.onnx`;
    // The page shows one image at a time, of which ONNX Runtime computes more ahead.
    const bytes = await exportCheckpoint(loaded, { ...options, batch: 1 });
    files[file] = bytes;
    const costs = { bytes: bytes.length, macs: model.macs.total, params: model.parameterCount };
    models.push({ name, file, ...costs, input: info.input, map: maps.get(loaded) });
  }
  return { files, models };
}

/** Images of all folders, each in a file of its own. */
async function imagesOf(
  folders: readonly string[],
  { info }: LoadedModel,
): Promise<ResizedImage[]> {
  const all: ResizedImage[] = [];
  for (const folder of folders) all.push(...(await pageImages(folder, info.input, info.classes)));
  return all.map(({ image, bytes }, i) => ({
    image: { ...image, file: `images/${i}.png` },
    bytes,
  }));
}

/**
 * Writes a page on which a person shows images to checkpoints, side by side: see `writePage`. The first one is what the others are
 * compared with.
 *
 * @throws KcrError `EXPORT_FORM`, `TASK_CLASSES`, `OUT_EXISTS`, `OUT_WRITE`, `PREDICT_INPUT`, `IMAGE_READ`, and those of `exportOnnx`
 */
export async function exportPage(
  variants: readonly PageVariant[],
  { folder, title, images: folders = [] }: ExportPageOptions,
): Promise<ExportedPage> {
  const task = sharedTask(variants);
  await requirePageFolder(folder);
  await requireWritable(folder);
  const { loaded } = variants[0]!;
  const images = await imagesOf(folders, loaded);
  const { files, models } = await modelsOf(variants);
  for (const { image, bytes } of images) files[image.file] = bytes;
  const { kcr_version: version } = await exportMetadata(loaded);
  const { index, bytes } = await writePage(folder, {
    title,
    task,
    classes: loaded.info.classes,
    models,
    images: images.map(({ image }) => image),
    version: version!,
    files,
  });
  return { page: index, bytes, models: models.map(({ name }) => name), images: images.length };
}
