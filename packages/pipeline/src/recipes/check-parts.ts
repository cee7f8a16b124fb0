import { KcrError } from '@kcr/core';
import { findModelEntry } from '../find-model-entry.ts';
import { findHead, loadPart, partMaker } from '../modules.ts';
import { inField } from './in-field.ts';
import type { Recipe } from './recipe.ts';
import { partKinds, type RecipePart, recipeParts } from './recipe-parts.ts';

/**
 * Loads and makes all that a recipe names, so that what is wrong is said before the first step and not when its stage comes.
 *
 * @throws KcrError `MODULE_LOAD`, `PLUGIN_UNKNOWN`, `MODEL_UNKNOWN`, `HEAD_UNKNOWN`, each with the recipe's field, and those of making them
 */
export async function checkParts(recipe: Recipe): Promise<void> {
  const { model, from } = recipe;
  const { head } = model;
  await inField('model.name', () => findModelEntry(model.name, from));
  if (head) await inField('model.head', () => findHead(head.module, head.name, from));
  for (const part of recipeParts(recipe)) await inField(part.field, () => checkPart(part, from));
}

async function checkPart({ kind, part }: RecipePart, from?: string): Promise<void> {
  const has = partKinds[kind];
  if (has === undefined) {
    await partMaker(part.use, from);
    return;
  }
  const made: unknown = await loadPart(part, from);
  if (typeof (Object(made) as Record<string, unknown>)[has] === 'function') return;
  throw new KcrError('PLUGIN_UNKNOWN', {
    where: `"${part.use}"`,
    found: `it makes no ${kind}`,
    fix: `Name what makes one: an object with a function \`${has}\``,
  });
}
