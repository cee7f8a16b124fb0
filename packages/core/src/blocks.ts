import type { Dim } from './dim.ts';
import { KcrError } from './error.ts';
import type { Model } from './model.ts';

/** A part of a model that is pruned on its own. */
export interface Block {
  /** Its path. */
  readonly name: string;
  /** Its dimensions that can be pruned. */
  readonly dims: readonly Dim[];
  /** Its place among the transformer blocks, if it is one. */
  readonly transformer?: number;
}

/**
 * The dimensions of a model that can be pruned.
 *
 * @param roles of the dimensions to give; default all
 * @throws KcrError `DIM_ROLES` where there is none
 */
export function prunableDims(model: Model, roles?: readonly string[]): Dim[] {
  const prunable = [...model.dims.values()].filter((dim) => dim.prunable);
  const dims = prunable.filter((dim) => !roles || roles.includes(dim.role));
  if (dims.length > 0) return dims;
  const present = new Set(prunable.map((dim) => dim.role));
  throw new KcrError('DIM_ROLES', {
    where: model.architecture.name,
    found: `no prunable dimension${roles ? ` with the role ${roles.join(' or ')}` : ''}`,
    fix: present.size > 0 ? `Use roles among ${[...present].join(', ')}` : 'Use another model',
  });
}

/**
 * The blocks of a model from bottom to top: transformer blocks, which are the scopes with a tap `tokens`, and
 * elsewhere each scope that has dimensions of its own. Those without dimensions of the roles are left out.
 *
 * @param roles of the dimensions; default all that can be pruned
 * @throws KcrError `DIM_ROLES`
 */
export function blocksOf(model: Model, roles?: readonly string[]): Block[] {
  const transformers = transformerBlocks(model);
  const blocks = new Map<string, Dim[]>();
  for (const dim of prunableDims(model, roles)) {
    const name = transformers.find((path) => dim.name.startsWith(`${path}.`)) ?? parentOf(dim.name);
    blocks.set(name, [...(blocks.get(name) ?? []), dim]);
  }
  return [...blocks].map(([name, dims]) => {
    const place = transformers.indexOf(name);
    return { name, dims, transformer: place < 0 ? undefined : place };
  });
}

/** The paths of a model's transformer blocks, which are the scopes with a tap `tokens`, in order. */
export const transformerBlocks = (model: Model): string[] =>
  model.taps.filter((tap) => tap.role === 'tokens').map((tap) => parentOf(tap.name));

const parentOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('.'), 0));
