import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { KcrError, type Model, type Plugin, readSafetensors } from '@kcr/core';
import { distillation } from '@kcr/distill';
import { loadCheckpoint } from '../load-checkpoint.ts';
import type { StageContext } from './stage.ts';

/** How `retrain` learns from its teacher. */
export interface Teaching {
  /** None where there is no teacher. */
  readonly plugins: readonly Plugin[];
  /** The teacher, where it is a model: its packages take part in the training. */
  readonly models: readonly Model[];
}

/** The plugin by which `retrain` learns from its teacher, if there is one. @throws KcrError `TEACHER` */
export async function teaching({
  recipe,
  teacher,
  directory,
  data,
  trust,
  on,
}: StageContext): Promise<Teaching> {
  const { teacher: own, ...options } = recipe.distillation;
  const source = teacher ?? own;
  if (!source) return { plugins: [], models: [] };
  const path = source === 'dense' ? join(directory, 'dense') : source;
  if (existsSync(path) && statSync(path).isFile()) {
    const { logits } = (await readSafetensors(path)).tensors;
    if (logits) return { plugins: [distillation({ ...options, teacher: { logits } })], models: [] };
    throw refused(path, 'a file without a tensor named "logits"');
  }
  const { model, weights, info } = await loadCheckpoint(path, { trust, on });
  const normalizationOf = ({ mean, std }: { mean: unknown; std: unknown }) =>
    JSON.stringify({ mean, std });
  const { input } = data.train;
  if (input && normalizationOf(info.input) !== normalizationOf(input))
    throw refused(path, 'a model of images that are normalised in another way');
  const plugin = distillation({ ...options, teacher: { model, weights } });
  return { plugins: [plugin], models: [model] };
}

const refused = (where: string, found: string) =>
  new KcrError('TEACHER', {
    where,
    found,
    fix: 'Pass a checkpoint, or the stored logits of the training images',
  });
