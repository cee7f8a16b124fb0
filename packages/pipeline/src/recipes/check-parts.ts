import { type Extension, KcrError, type Plugin } from '@kcr/core';
import { checkContract, isMaker } from '@kcr/core/internal';
import { findModelEntry } from '../find-model-entry.ts';
import { findHead, loadPart, type PluginPart, partMaker } from '../modules.ts';
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
  /** Names of plugins, by the list that they stand in: that of one training. */
  const attached = new Map<string, Set<string>>();
  for (const part of recipeParts(recipe))
    await inField(part.field, async () => {
      const made = await checkPart(part, from);
      if (part.kind === 'plugin') checkName(part, made as Plugin, attached);
    });
}

/** Refuses two plugins of one name in one training: their numbers and their state would be one. */
function checkName(
  { field, part }: RecipePart,
  { name: own }: Plugin,
  attached: Map<string, Set<string>>,
): void {
  const { as: name = own }: PluginPart = part;
  const list = field.slice(0, field.lastIndexOf('.'));
  const names = attached.get(list) ?? new Set();
  if (names.has(name))
    throw new KcrError('PLUGIN_DUPLICATE', {
      where: `plugin "${name}"`,
      found: 'attached twice',
      fix: "Leave one of them out, or give it a name of its own: as: 'second'",
    });
  attached.set(list, names.add(name));
}

/** @returns what was made, of kinds that are made before their stage */
async function checkPart({ kind, part }: RecipePart, from?: string): Promise<unknown> {
  const { has, extension }: PartKind = partKinds[kind];
  if (has === undefined) {
    const make = await partMaker(part.use, from);
    if (isMaker(make)) checkContract(extension, make);
    return undefined;
  }
  const made: unknown = await loadPart(part, from);
  if (typeof (Object(made) as Record<string, unknown>)[has] !== 'function')
    throw new KcrError('PLUGIN_UNKNOWN', {
      where: `"${part.use}"`,
      found: `it makes no ${kind}`,
      fix: `Name what makes one: an object with a function \`${has}\``,
    });
  checkContract(extension, made as Extension);
  return made;
}
