import { type ImportReport, importText, saveModel } from '@kcr/core';
import { type CheckpointOptions, downloadsOf, loadCheckpoint } from './load-checkpoint.ts';
import { requireNew } from './out/require-new.ts';

export interface ImportCheckpointOptions extends CheckpointOptions {
  /** The checkpoint folder; new, or empty. */
  readonly out: string;
}

/**
 * Writes weights from elsewhere as a checkpoint folder of the toolkit.
 *
 * @param source a checkpoint of any kind, see `loadCheckpoint`
 * @returns what was taken, drawn, resized and left
 * @throws KcrError `OUT_EXISTS` for a folder that has something in it, `OUT_WRITE`, and those of `loadCheckpoint`
 */
export async function importCheckpoint(
  source: string,
  { out, on = () => {}, ...options }: ImportCheckpointOptions,
): Promise<ImportReport> {
  await requireNew(out);
  const { model, weights, info, report } = await loadCheckpoint(source, {
    ...options,
    on: downloadsOf(on),
  });
  await saveModel(out, model, weights, info);
  on({ type: 'imported', where: source, text: importText(report, model) });
  return report;
}
