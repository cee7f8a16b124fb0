import { readFile } from 'node:fs/promises';
import { KcrError, type Kept, prune } from '@kcr/core';
import { printResult } from '../output.ts';
import { compactModel, retrainStage, searchStage, wholeModel } from '../stages.ts';
import { type RunOptions, stageContext } from './compress.ts';

/** `kcr search`: the search stage alone. */
export async function searchCommand(recipeName: string, options: RunOptions): Promise<void> {
  const context = await stageContext(recipeName, options);
  const { kept } = await searchStage(context);
  const model = await wholeModel(context.recipe);
  const compact = prune(model, kept);
  const sizes = Object.fromEntries(
    Object.entries(kept).map(([name, channels]) => [name, channels.length]),
  );
  printResult(
    {
      params: compact.parameterCount,
      macs: compact.macs,
      denseMacs: model.macs.total,
      kept: sizes,
    },
    options.json ?? false,
  );
}

/** `kcr retrain`: trains the model of a selection from scratch. */
export async function retrainCommand(
  recipeName: string,
  options: RunOptions & { selection: string },
): Promise<void> {
  const context = await stageContext(recipeName, options);
  const kept = await readSelection(options.selection);
  const compact = await compactModel(context.recipe, kept);
  const { history } = await retrainStage(context, 'compact', compact);
  const { valTop1: top1, valTop5: top5, valLoss: loss } = history.at(-1) ?? {};
  printResult({ epochs: history.length, top1, top5, loss }, options.json ?? false);
}

/** @throws KcrError `SELECTION_READ` */
async function readSelection(path: string): Promise<Kept> {
  try {
    const { kept } = JSON.parse(await readFile(path, 'utf8')) as { kept?: Kept };
    if (kept && Object.values(kept).every(Array.isArray)) return kept;
    throw new Error('no "kept" with lists of channels');
  } catch (cause) {
    throw new KcrError('SELECTION_READ', {
      where: path,
      found: (cause as Error).message,
      fix: 'Pass the selection.json that `kcr search` wrote',
      cause,
    });
  }
}
