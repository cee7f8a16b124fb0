import { checkContract, type Extension, isMaker, KcrError } from '@kcr/core';
import { findModelEntry } from '../find-model-entry.ts';
import { findHead, loadPart, loadPlugin, partMaker } from '../modules.ts';
import { inField } from './in-field.ts';
import type { Recipe } from './recipe.ts';
import { type PartKind, partKinds, type RecipePart, recipeParts } from './recipe-parts.ts';

/**
 * Loads and makes all that a recipe names, so that what is wrong is said before the first step and not when its stage comes.
 *
 * @throws KcrError `MODULE_LOAD`, `PLUGIN_UNKNOWN`, `PLUGIN_DUPLICATE`, `EXTENSION_CONTRACT`, `MODEL_UNKNOWN`, `HEAD_UNKNOWN`, each with the
 *   recipe's field, and those of making them
 */
export async function checkParts(recipe: Recipe): Promise<void> {
  const { model, from } = recipe;
  const { head } = model;
  await inField('model.name', () => findModelEntry(model.name, from));
  if (head) await inField('model.head', () => findHead(head.module, head.name, from));
  for (const part of recipeParts(recipe)) await inField(part.field, () => checkPart(part, from));
  await checkNames(recipe);
}

async function checkPart({ kind, part }: RecipePart, from?: string): Promise<void> {
  const { has, extension }: PartKind = partKinds[kind];
  if (has === undefined) {
    const make = await partMaker(part.use, from);
    if (extension && isMaker(make)) checkContract(extension, make);
    return;
  }
  const made: unknown = await loadPart(part, from);
  if (typeof (Object(made) as Record<string, unknown>)[has] !== 'function')
    throw new KcrError('PLUGIN_UNKNOWN', {
      where: `"${part.use}"`,
      found: `it makes no ${kind}`,
      fix: `Name what makes one: an object with a function \`${has}\``,
    });
  if (extension) checkContract(extension, made as Extension);
}

/** Refuses two plugins of one name in one training: their numbers and their state would be one. */
async function checkNames(recipe: Recipe): Promise<void> {
  const { dense, search, retrain, ablations, from } = recipe;
  const lists = { dense: dense?.plugins, search: search?.plugins, retrain: retrain.plugins };
  const fields = Object.entries(lists).map(([stage, list]) => [`${stage}.plugins`, list] as const);
  const others = Object.entries(ablations).map(([n, list]) => [`ablations.${n}`, list] as const);
  for (const [field, plugins = []] of [...fields, ...others]) {
    const names = await Promise.all(
      plugins.map(async (part) => (await loadPlugin(part, from)).name),
    );
    const second = names.findIndex((name, i) => names.indexOf(name) < i);
    if (second < 0) continue;
    throw new KcrError('PLUGIN_DUPLICATE', {
      where: `recipe, ${field}.${second}: plugin "${names[second]}"`,
      found: 'attached twice',
      fix: "Leave one of them out, or give it a name of its own: as: 'second'",
    });
  }
}
