import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  gatherAxis,
  KcrError,
  type Model,
  type NdArray,
  type Plugin,
  readSafetensors,
} from '@kcr/core';
import {
  checkFields,
  firstNames,
  isInOrder,
  isOfClassifier,
  knownClasses,
  matchClasses,
  parseJson,
} from '@kcr/core/internal';
import { distillation } from '@kcr/distill';
import { z } from 'zod';
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
  from,
  on,
}: StageContext): Promise<Teaching> {
  const { teacher: own, ...options } = recipe.distillation;
  const source = teacher ?? own;
  if (!source) return { plugins: [], models: [] };
  const path = source === 'dense' ? join(directory, 'dense') : source;
  if (existsSync(path) && statSync(path).isFile()) {
    const logits = await storedLogits(path, data.train.classes);
    return { plugins: [distillation({ ...options, teacher: { logits } })], models: [] };
  }
  const { classes } = data.train;
  const { model, weights, info, report } = await loadCheckpoint(path, { trust, from, classes, on });
  if (report.drawn.some((name) => isOfClassifier(model, name)))
    throw refused(path, `a model of other classes than ${firstNames(classes)}`);
  const normalizationOf = ({ mean, std }: { mean: unknown; std: unknown }) =>
    JSON.stringify({ mean, std });
  const { input } = data.train;
  if (input && normalizationOf(info.input) !== normalizationOf(input))
    throw refused(path, 'a model of images that are normalised in another way');
  const plugin = distillation({ ...options, teacher: { model, weights } });
  return { plugins: [plugin], models: [model] };
}

/** Logits as `kcr eval --logits` stores them, in the order of the classes. Files of others name none and are taken as they are. */
export async function storedLogits(path: string, classes: readonly string[]): Promise<NdArray> {
  const { tensors, metadata } = await readSafetensors(path);
  const { logits } = tensors;
  if (!logits) throw refused(path, 'a file without a tensor named "logits"');
  if (metadata.classes === undefined) return logits;
  const refusal = { code: 'TEACHER', fix: FIX } as const;
  const where = `${path}, metadata classes`;
  const json = parseJson(metadata.classes, where, refusal);
  const named = checkFields(z.array(z.string()), json, where, refusal);
  const match = matchClasses(knownClasses(named), classes);
  if (match.by === 'none' || named.length !== classes.length)
    throw refused(path, `logits of ${firstNames(named)} for images of ${firstNames(classes)}`);
  const isWhole = logits.shape.length === 2 && logits.shape[1] === named.length;
  return isInOrder(match) || !isWhole ? logits : gatherAxis(logits, 1, match.outputs);
}

const FIX = 'Pass a checkpoint of the same classes as the training images, or their stored logits';

const refused = (where: string, found: string) =>
  new KcrError('TEACHER', { where, found, fix: FIX });
