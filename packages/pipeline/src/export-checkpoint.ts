import { type LoadedModel, taskOf, weightsDigest } from '@kcr/core';
import { type ExportOptions, exportOnnx } from '@kcr/onnx';
import { versionsOf } from './versions.ts';

/**
 * What a file says of its model, as text by key: `architecture`, `task`, `labels` and `preprocessing` as JSON, `macs` of one image,
 * `weights_sha256` (`weightsDigest`), and `kcr_version`.
 */
export async function exportMetadata({
  model,
  weights,
  info,
}: LoadedModel): Promise<Record<string, string>> {
  const versions = await versionsOf([model], {});
  return {
    architecture: model.architecture.name,
    task: taskOf(model).name,
    labels: JSON.stringify(info.classes),
    preprocessing: JSON.stringify(info.input),
    macs: String(model.macs.total),
    weights_sha256: weightsDigest(weights),
    kcr_version: versions['@kcr/onnx']!,
  };
}

/** A checkpoint as an ONNX file that says what it is. @throws KcrError those of `exportOnnx` */
export const exportCheckpoint = async (
  loaded: LoadedModel,
  options: Omit<ExportOptions, 'metadata'> = {},
): Promise<Uint8Array> =>
  exportOnnx(loaded.model, loaded.weights, {
    ...options,
    metadata: await exportMetadata(loaded),
  });
