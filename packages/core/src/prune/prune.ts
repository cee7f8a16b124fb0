import { gatherAxis, type NdArray } from '../ground/array.ts';
import { KcrError } from '../ground/error.ts';
import type { ErrorCode } from '../ground/error-codes.ts';
import { axisParts, axisSize, type Dim, type Kept, partDim, partPositions } from '../model/dim.ts';
import { Model } from '../model/model.ts';
import type { StateDict } from '../model/state-dict.ts';

/**
 * The smaller model that keeps the given channels.
 *
 * @param selection by dimension name, the channels to keep as indices into the dimension as it is now, in any
 *   order; one that comes twice counts once
 * @throws KcrError `SELECTION_DIM`, `SELECTION_PRUNABLE`, `SELECTION_MIN`, `SELECTION_MULTIPLE`,
 *   `DIM_GROUPS`, `DIM_INDEX`
 */
export function prune<C extends object>(model: Model<C>, selection: Kept): Model<C> {
  const kept: Record<string, readonly number[]> = { ...model.kept };
  for (const [name, indices] of Object.entries(selection)) {
    const dim = model.dims.get(name);
    const sorted = [...new Set(indices)].sort((a, b) => a - b);
    if (dim) checkSelection(dim, sorted);
    kept[name] = dim?.kept ? sorted.map((i) => dim.kept![i]!) : sorted;
  }
  return new Model(model.architecture, model.config, kept, model.adapters);
}

function checkSelection(dim: Dim, indices: readonly number[]): void {
  const fail = (code: ErrorCode, found: string, fix: string) => {
    throw new KcrError(code, { where: dim.name, found, fix });
  };
  if (!dim.prunable)
    fail('SELECTION_PRUNABLE', 'a dimension that cannot be pruned', 'Leave it out');
  if (indices.some((i) => !Number.isInteger(i) || i < 0 || i >= dim.size))
    fail(
      'DIM_INDEX',
      `indices outside 0..${dim.size - 1}`,
      'Use indices into the current dimension',
    );
  if (indices.length < Math.max(dim.min, 1))
    fail(
      'SELECTION_MIN',
      `${indices.length} of ${dim.size} channels kept`,
      `Keep at least ${dim.min}`,
    );
  if (indices.length % dim.multipleOf !== 0)
    fail(
      'SELECTION_MULTIPLE',
      `${indices.length} channels`,
      `Keep a multiple of ${dim.multipleOf}`,
    );
}

/**
 * Gathers the weights of a pruned model from those of the model it was pruned from.
 *
 * Every parameter axis that carries a pruned dimension loses the same channels; a fused axis such as
 * `[qk, qk, v]` part by part.
 */
export function pruneState(model: Model, pruned: Model, state: StateDict): StateDict {
  const result: StateDict = {};
  for (const spec of model.params) {
    let array = state[spec.name] as NdArray;
    spec.axes.forEach((axis, i) => {
      let offset = 0;
      let changed = false;
      const keep: number[] = [];
      for (const part of axisParts(axis)) {
        const size = axisSize(part);
        const dim = partDim(part);
        const indices = dim && partPositions(part, pruned.dims.get(dim.name)!);
        changed ||= indices !== undefined;
        for (const index of indices ?? Array(size).keys()) keep.push(offset + index);
        offset += size;
      }
      if (changed) array = gatherAxis(array, i, keep);
    });
    result[spec.name] = array;
  }
  return result;
}
