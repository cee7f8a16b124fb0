import { join } from 'node:path';
import {
  classification,
  KcrError,
  type LoadedModel,
  type Preprocessing,
  perChannel,
  taskOf,
} from '@kcr/core';
import { makeFolder, writeAtomic } from '@kcr/core/internal';
import { semanticSegmentation } from '@kcr/detect';
import type { Precision } from '@kcr/onnx';

/** Pillow's numbers of interpolations, which the configurations of transformers have. */
const RESAMPLE = { bilinear: 2, bicubic: 3 } as const;

const refuse = (where: string, found: string): never => {
  throw new KcrError('EXPORT_FORM', {
    where,
    found,
    fix: 'Export it as a plain file, without --for, and prepare its images as the notes in it say',
  });
};

/** Which sizes an image is brought to before the model, in transformers' fields. */
type Resizing = Readonly<Record<string, unknown>>;

/** Timm's ways for decisions about whole images. @throws KcrError `EXPORT_FORM` for others */
function wholeImage({ input_size, crop_mode, crop_pct }: Preprocessing): Resizing {
  const [, height, width] = input_size;
  if (crop_mode === 'border' || crop_mode === 'corner')
    refuse('preprocessing', `crop_mode ${crop_mode}, which transformers.js has not`);
  if (crop_mode === 'center' && height !== width)
    refuse('preprocessing', `a centre of ${height} x ${width}, which is no square`);
  const [high, wide] = [height, width].map((side) => Math.floor(side / crop_pct)) as [
    number,
    number,
  ];
  return {
    image_processor_type: 'ViTImageProcessor',
    size: crop_mode === 'center' ? { shortest_edge: high } : { height: high, width: wide },
    do_center_crop: true,
    crop_size: { height, width },
  };
}

/** All of an image on all of the input, since transformers.js takes a map for one of the whole image. */
function wholeMap({ input_size, crop_pct, resize }: Preprocessing): Resizing {
  const [, height, width] = input_size;
  if (crop_pct !== 1) refuse('preprocessing', `crop_pct ${crop_pct}, and maps are of whole images`);
  if (resize && Math.min(resize.shortest_edge, resize.longest_edge) < Math.min(height, width))
    refuse('preprocessing', 'images that are smaller than the input');
  return {
    image_processor_type: 'SegformerImageProcessor',
    size: { height, width },
    do_center_crop: false,
  };
}

/** What transformers does to an image before the model. */
function processorConfig(input: Preprocessing, resizing: Resizing) {
  const [channels] = input.input_size;
  return {
    do_resize: true,
    resample: RESAMPLE[input.interpolation],
    ...resizing,
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: perChannel(input.mean, channels),
    image_std: perChannel(input.std, channels),
  };
}

/** How a task's models are called there: the type says what a file reads and gives, which all our models of a task do alike. */
const FORMS: Readonly<
  Record<string, { model: object; resizing(input: Preprocessing): Resizing } | undefined>
> = {
  [classification.name]: {
    model: { model_type: 'vit', architectures: ['ViTForImageClassification'] },
    resizing: wholeImage,
  },
  [semanticSegmentation.name]: {
    model: { model_type: 'segformer', architectures: ['SegformerForSemanticSegmentation'] },
    resizing: wholeMap,
  },
};

/**
 * The files beside the model with which a folder loads in transformers.js, by path, as JSON.
 *
 * @throws KcrError `EXPORT_FORM` for other models than of classes or class maps of colour images, and for preprocessing that it
 *   has not
 */
function configFiles({ model, info }: LoadedModel): Record<string, object> {
  const { name } = taskOf(model);
  const [, , channels] = model.inputShape;
  const form = FORMS[name];
  if (!form || model.classes === 0)
    return refuse(model.architecture.name, `a model of ${model.classes === 0 ? 'features' : name}`);
  if (channels !== 3) refuse(model.architecture.name, `images of ${channels} channels`);
  const id2label = Object.fromEntries(info.classes.map((label, i) => [i, label]));
  const label2id = Object.fromEntries(info.classes.map((label, i) => [label, i]));
  return {
    'config.json': { ...form.model, num_labels: info.classes.length, id2label, label2id },
    'preprocessor_config.json': processorConfig(info.input, form.resizing(info.input)),
  };
}

/** The name of a file that transformers.js looks for by its `dtype`: fp32, fp16, or q8 for all that is quantised. */
export const transformersFile = (precision: Precision): string =>
  join(
    'onnx',
    ({ fp32: 'model.onnx', fp16: 'model_fp16.onnx' } as Partial<Record<Precision, string>>)[
      precision
    ] ?? 'model_quantized.onnx',
  );

/**
 * Writes a folder that `pipeline('image-classification', FOLDER)` of transformers.js loads, for class maps
 * `pipeline('image-segmentation', FOLDER)`: `config.json`, `preprocessor_config.json`, and exported files in `onnx`, of one precision or several.
 *
 * @param exported makes the file of a precision
 * @returns the files' bytes, by precision
 * @throws KcrError `EXPORT_FORM`; nothing is written then
 */
export async function writeTransformersFolder<P extends Precision>(
  folder: string,
  loaded: LoadedModel,
  precisions: readonly P[],
  exported: (precision: P) => Promise<Uint8Array>,
): Promise<Record<P, Uint8Array>> {
  const configs = Object.entries(configFiles(loaded));
  const files = {} as Record<P, Uint8Array>;
  for (const precision of precisions) files[precision] = await exported(precision);
  await makeFolder(join(folder, 'onnx'));
  for (const [name, config] of configs)
    await writeAtomic(join(folder, name), `${JSON.stringify(config, null, 1)}\n`);
  for (const precision of precisions)
    await writeAtomic(join(folder, transformersFile(precision)), files[precision]);
  return files;
}
