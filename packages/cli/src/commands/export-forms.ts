import { stat } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { KcrError, type LoadedModel } from '@kcr/core';
import { writeAtomic } from '@kcr/core/internal';
import { PRECISIONS, type Precision, type Runtime } from '@kcr/onnx';
import {
  requireNew,
  requireWritableFile,
  transformersFile,
  writeTimmFolder,
  writeTransformersFolder,
} from '@kcr/pipeline';

/** What was asked for. */
export interface FormRequest {
  readonly out: string;
  readonly loaded: LoadedModel;
  /** Precisions that were asked for; none where the form has its own. */
  readonly precisions: readonly Precision[];
  /** Whether there are images to find ranges of integers with. */
  readonly isCalibrated: boolean;
  /** The runtime for which a second file is written. */
  readonly optimise?: Runtime;
  /** Makes the ONNX file of a precision. */
  exported(precision: Precision, optimise?: Runtime): Promise<Uint8Array>;
}

/** What was written: for people and as JSON, and the ONNX files among it, by what a table calls them. */
export interface Written {
  readonly result: object;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

const wrongPrecision = (found: string, fix: string) =>
  new KcrError('OPTION', { where: '--precision', found, fix });

/** The name of the file for a runtime, beside the plain one: `photos.onnx`, `photos.onnxruntime.onnx`. */
const optimisedFile = (file: string, runtime: Runtime) => {
  const { dir, name, ext } = parse(file);
  return join(dir, `${name}.${runtime}${ext}`);
};

/**
 * One ONNX file, and another for a runtime where that was asked for.
 *
 * @throws KcrError `OPTION` for several precisions, `OUT_WRITE`, and those of exporting
 */
export async function writeFileForm(request: FormRequest): Promise<Written> {
  const { out, precisions, optimise, exported } = request;
  const [precision = 'fp32', ...others] = precisions;
  if (others.length > 0)
    throw wrongPrecision(
      `${precisions.join(', ')} for one file`,
      'Give one, or --for transformers.js, whose folder has a file of each',
    );
  await requireWritableFile(out);
  const bytes = await exported(precision);
  const result = { file: out, bytes: bytes.length };
  if (!optimise) {
    await writeAtomic(out, bytes);
    return { result, files: { file: bytes } };
  }
  const own = optimisedFile(out, optimise);
  await requireWritableFile(own);
  const optimised = await exported(precision, optimise);
  await writeAtomic(out, bytes);
  await writeAtomic(own, optimised);
  return {
    result: { ...result, [optimise]: { file: own, bytes: optimised.length } },
    files: { file: bytes, [optimise]: optimised },
  };
}

/** Files of 32, 16 and 8 bits, or of what was asked for. @throws KcrError `OPTION` for two precisions of one file */
function folderPrecisions({ precisions, isCalibrated }: FormRequest): readonly Precision[] {
  if (precisions.length === 0) return ['fp32', 'fp16', isCalibrated ? 'int8' : 'int8-dynamic'];
  const names = precisions.map(transformersFile);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw wrongPrecision(
      `${precisions.filter((_, i) => names[i] === twice).join(', ')}, all of which are ${twice}`,
      `Give one of them, beside others of ${PRECISIONS.join(', ')}`,
    );
  return precisions;
}

/** A folder for transformers.js. @throws KcrError `OPTION`, `EXPORT_FORM`, `OUT_WRITE`, and those of exporting */
async function writeTransformersForm(request: FormRequest): Promise<Written> {
  const { out, loaded, exported } = request;
  const precisions = folderPrecisions(request);
  for (const precision of precisions)
    await requireWritableFile(join(out, transformersFile(precision)));
  const files = await writeTransformersFolder(out, loaded, precisions, exported);
  const sizes = Object.fromEntries(
    precisions.map((precision) => {
      const file = join(out, transformersFile(precision));
      return [precision, { file, bytes: files[precision].length }];
    }),
  );
  return { result: { folder: out, files: sizes }, files };
}

/** A folder for timm. @throws KcrError `EXPORT_FORM`, `OUT_EXISTS`, `OUT_WRITE` */
async function writeTimmForm({ out, loaded }: FormRequest): Promise<Written> {
  await requireNew(out);
  await writeTimmFolder(out, loaded);
  const file = join(out, 'model.safetensors');
  return { result: { folder: out, file, bytes: (await stat(file)).size }, files: {} };
}

/** Folders for other libraries, by what `--for` calls them. */
export const folderForms = {
  'transformers.js': { write: writeTransformersForm, isOnnx: true },
  timm: { write: writeTimmForm, isOnnx: false },
} as const;
