import { join } from 'node:path';
import { KcrError, type LoadedModel, type Preprocessing, perChannel, saveWeights } from '@kcr/core';
import { areNumbered, makeFolder, writeAtomic } from '@kcr/core/internal';
import type { TimmFile } from './timm-fields.ts';
import { timmModel } from './timm-form.ts';

/** How images are shown, in timm's fields. @throws KcrError `EXPORT_FORM` for a way that timm has not */
function inputFields({ input_size, interpolation, crop_pct, crop_mode, mean, std }: Preprocessing) {
  if (crop_mode === 'corner')
    throw new KcrError('EXPORT_FORM', {
      where: 'preprocessing',
      found: `crop_mode ${crop_mode}, which timm has not`,
      fix: 'Write an ONNX file (kcr export --out FILE.onnx), and prepare its images as the notes in it say',
    });
  const [channels] = input_size;
  return {
    input_size: [...input_size] as [number, number, number],
    interpolation,
    crop_pct,
    crop_mode,
    mean: perChannel(mean, channels),
    std: perChannel(std, channels),
  };
}

/** The `config.json` of a model, as `readTimmConfig` reads it. @throws KcrError `EXPORT_FORM` */
export function timmConfig({ model, info }: Pick<LoadedModel, 'model' | 'info'>): TimmFile {
  const { architecture, model_args, fixed_input_size } = timmModel({ model, info });
  const [classifier, ...others] = model.classifiers;
  const reader = model.params.find(({ shape }) => shape.length === 4);
  const names = areNumbered(info.classes) ? {} : { label_names: [...info.classes] };
  return {
    architecture,
    num_classes: model.classes,
    num_features: model.featureSize,
    ...names,
    ...(Object.keys(model_args).length > 0 ? { model_args } : {}),
    pretrained_cfg: {
      ...inputFields(info.input),
      fixed_input_size,
      num_classes: model.classes,
      // With these timm takes the weights for other classes and channels.
      classifier: others.length > 0 ? [...model.classifiers] : classifier,
      first_conv: reader?.name.replace(/\.weight$/, ''),
    },
  };
}

/**
 * Writes a folder that `timm.create_model('local-dir:FOLDER', pretrained=True)` loads: `config.json`, `model.safetensors`.
 *
 * @throws KcrError `EXPORT_FORM` for a model that timm cannot build, `STATE_DICT`, `STATE_FINITE`; nothing is written then
 */
export async function writeTimmFolder(
  folder: string,
  { model, weights, info }: LoadedModel,
): Promise<void> {
  const config = timmConfig({ model, info });
  await makeFolder(folder);
  await saveWeights(model, weights, join(folder, 'model.safetensors'));
  await writeAtomic(join(folder, 'config.json'), `${JSON.stringify(config, null, 1)}\n`);
}
