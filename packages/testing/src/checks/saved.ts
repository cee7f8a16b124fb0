import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel, plainPreprocessing, prune, pruneState, saveModel } from '@kcr/core';
import { type CheckOf, fails, holds } from '../suite.ts';
import { farthest, imagesFor, livelyWeights, numberText } from '../values.ts';
import { outputsOf } from './outputs.ts';
import { randomSelection } from './selections.ts';
import type { ModelSubject } from './subject.ts';

/** Runs with a folder that is gone afterwards. */
export async function withFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'kcr-testing-'));
  try {
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const saved: CheckOf<ModelSubject> = {
  expected:
    'a checkpoint of the pruned model is read back to the same model, with the same outputs bit for bit: configurations and options are JSON, and all that the model is follows from them',
  run: ({ model: whole, parts, prefix }) =>
    withFolder(async (folder) => {
      const model = prune(whole, randomSelection(whole, 0.5));
      const weights = pruneState(whole, model, livelyWeights(whole));
      const classes = Array.from({ length: model.classes }, (_, i) => `class ${i}`);
      const info = { classes, input: plainPreprocessing(model.inputShape) };
      await saveModel(folder, model, weights, info);
      const loaded = await loadModel(folder, parts);
      const asText = (value: unknown) => JSON.stringify(value);
      if (asText(loaded.model.config) !== asText(model.config))
        return fails(
          `the configuration ${asText(loaded.model.config)} for ${asText(model.config)}`,
          `${prefix}configure()`,
        );
      const image = imagesFor(model, 2);
      const before = await outputsOf(model, weights, image);
      const { name, difference } = farthest(
        await outputsOf(loaded.model, loaded.weights, image),
        before,
      );
      return difference === 0
        ? holds('the same outputs')
        : fails(`${name} ${numberText(difference)} apart`, `${prefix}configure()`);
    }),
};
