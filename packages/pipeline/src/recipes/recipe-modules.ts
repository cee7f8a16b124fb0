import type { Adapter } from '@kcr/core';
import { findModelEntry } from '../find-model-entry.ts';
import { findHead, loadPart } from '../modules.ts';
import type { Pruning, Recipe } from './recipe.ts';

/** The module of `MODULE#EXPORT`; none of a short name. */
const moduleOf = (use: string): string[] => {
  const at = use.lastIndexOf('#');
  return at < 0 ? [] : [use.slice(0, at)];
};

/** Modules of what pruning leaves in a model. */
export const pruningModules = (pruning: Pruning | undefined): string[] =>
  pruning?.method === 'bottom-up-cascade' && pruning.tokenSelector
    ? moduleOf(pruning.tokenSelector.use)
    : [];

/**
 * The modules that a recipe's models are from: those that it names for its model, head, adapters and token selector, and
 * those under which these say that they are found again. Its code runs anyway, so checkpoints of its run may name them.
 */
export async function recipeModules(recipe: Recipe): Promise<string[]> {
  const { model, adapters, prune } = recipe;
  const { architecture } = await findModelEntry(model.name);
  const { head } = model;
  const made = await Promise.all(adapters.map((part) => loadPart<Adapter>(part)));
  return [
    ...moduleOf(model.name),
    ...(head ? [head.module, (await findHead(head.module, head.name))(architecture).module] : []),
    ...adapters.flatMap(({ use }) => moduleOf(use)),
    ...pruningModules(prune),
    architecture.module,
    ...made.map(({ module }) => module),
  ];
}
