import type { ExtensionKind } from '@kcr/core';
import { isRecord } from '@kcr/core/internal';
import { dataKinds } from '../data/data-kinds.ts';
import type { Part } from '../modules.ts';
import type { Recipe } from './recipe.ts';

/** How a kind of parts is known. */
export interface PartKind {
  /** The function that all of its kind have; a change of images is itself one. Absent: not made before its stage. */
  readonly has?: string;
  /** What it is by the contract. */
  readonly extension: ExtensionKind;
}

/** What a part may be. */
export const partKinds = {
  adapter: { has: 'attach', extension: 'adapter' },
  allocator: { has: 'allocate', extension: 'allocator' },
  analysis: { has: 'measure', extension: 'analysis' },
  augment: { has: 'call', extension: 'image change' },
  criterion: { has: 'score', extension: 'criterion' },
  optimizer: { has: 'update', extension: 'optimizer' },
  plugin: { has: 'setup', extension: 'plugin' },
  schedule: { has: 'steps', extension: 'schedule' },
  /** Made when it is known how many tokens stay. */
  selector: { extension: 'token selector' },
} as const satisfies Record<string, PartKind>;

/** An extension that a recipe names, and where. */
export interface RecipePart {
  /** E.g. `retrain.plugins.0`. */
  readonly field: string;
  readonly kind: keyof typeof partKinds;
  readonly part: Part;
}

/** The parts that a recipe names, by `MODULE#EXPORT`, in the order of its fields. */
export function recipeParts(recipe: Recipe): RecipePart[] {
  const { adapters, prune, ablations, analyses } = recipe;
  const parts: RecipePart[] = [];
  const add = (field: string, kind: RecipePart['kind'], part: unknown): void => {
    // What stands for itself, or is known by a short name, is no part.
    if (isRecord(part) && 'use' in part) parts.push({ field, kind, part: part as unknown as Part });
  };
  const addAll = (field: string, kind: RecipePart['kind'], list: readonly unknown[]): void =>
    list.forEach((part, i) => {
      add(`${field}.${i}`, kind, part);
    });

  addAll('data.augment', 'augment', augmentsOf(recipe));
  addAll('adapters', 'adapter', adapters);
  for (const stage of ['dense', 'search', 'retrain'] as const) {
    const training = recipe[stage];
    if (!training) continue;
    add(`${stage}.optimizer.name`, 'optimizer', training.optimizer.name);
    if ('architectureOptimizer' in training)
      add(`${stage}.architectureOptimizer.name`, 'optimizer', training.architectureOptimizer?.name);
    addAll(`${stage}.plugins`, 'plugin', training.plugins);
  }
  if (prune) add('prune.criterion', 'criterion', prune.criterion);
  if (prune?.method === 'scores') {
    add('prune.allocator', 'allocator', prune.allocator);
    add('prune.schedule', 'schedule', prune.schedule);
  }
  if (prune?.method === 'bottom-up-cascade')
    add('prune.tokenSelector', 'selector', prune.tokenSelector);
  for (const [name, plugins] of Object.entries(ablations))
    addAll(`ablations.${name}`, 'plugin', plugins);
  addAll('analyses', 'analysis', analyses);
  return parts;
}

/** Changes of images of the kinds of data that come along; others have fields of their own. */
function augmentsOf({ data: { kind, options } }: Recipe): readonly unknown[] {
  const { augment } = (Object.hasOwn(dataKinds, kind) ? options : {}) as { augment?: unknown };
  return Array.isArray(augment) ? augment : [];
}
