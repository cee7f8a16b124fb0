import type { Adapter } from '@kcr/core';
import { findModelEntry } from '../find-model-entry.ts';
import { findHead, loadPart, splitUse } from '../modules.ts';
import { requireFoundAgain } from './found-again.ts';
import type { Pruning, Recipe } from './recipe.ts';

/** The module of `MODULE#EXPORT`; none of a short name. */
const moduleOf = (use: string): string[] => (use.includes('#') ? [splitUse(use).module] : []);

/** Modules of what pruning leaves in a model. */
export const pruningModules = (pruning: Pruning | undefined): string[] =>
  pruning?.method === 'bottom-up-cascade' && pruning.tokenSelector
    ? moduleOf(pruning.tokenSelector.use)
    : [];

/**
 * The modules that a recipe's models are from: those that it names for its model, head, adapters and token selector, and
 * those under which these say that they are found again. Its code runs anyway, so checkpoints of its run may name them.
 *
 * @throws KcrError `NOT_FOUND_AGAIN` where what its checkpoints would name does not lead back, and those of loading them
 */
export async function recipeModules(recipe: Recipe): Promise<string[]> {
  const { model, adapters, prune, from } = recipe;
  const { architecture: backbone } = await findModelEntry(model.name, from);
  const { head } = model;
  const architecture = head ? (await findHead(head.module, head.name, from))(backbone) : backbone;
  const made = await Promise.all(adapters.map((part) => loadPart<Adapter>(part, from)));
  await requireFoundAgain({ architecture, adapters: made }, from);
  return [
    ...moduleOf(model.name),
    ...(head ? [head.module, architecture.module] : []),
    ...adapters.flatMap(({ use }) => moduleOf(use)),
    ...pruningModules(prune),
    backbone.module,
    ...made.map(({ module }) => module),
  ];
}
