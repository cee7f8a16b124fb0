import { KcrError } from '../ground/error.ts';
import type { Dim } from '../model/dim.ts';
import type { Model } from '../model/model.ts';

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
