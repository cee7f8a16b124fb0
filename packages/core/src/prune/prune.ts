import { gatherAxis, type NdArray } from '../ground/array.ts';
import { axisParts, axisSize, type Kept, partDim, partPositions } from '../model/dim.ts';
import { checkKept } from '../model/kept.ts';
import { Model } from '../model/model.ts';
import type { StateDict } from '../model/state-dict.ts';

/**
 * The smaller model that keeps the given channels.
 *
 * @param selection by dimension name, the channels to keep as indices into the dimension as it is now
 * @throws KcrError `SELECTION_FORM`, `SELECTION_DIM`, `SELECTION_PRUNABLE`, `SELECTION_MIN`, `SELECTION_MULTIPLE`,
 *   `DIM_GROUPS`, `DIM_INDEX`
 */
export function prune<C extends object>(model: Model<C>, selection: Kept): Model<C> {
  checkKept(model, selection);
  const kept: Record<string, readonly number[]> = { ...model.kept };
  for (const [name, indices] of Object.entries(selection)) {
    const dim = model.dims.get(name);
    const sorted = [...indices].sort((a, b) => a - b);
    kept[name] = dim?.kept ? sorted.map((i) => dim.kept![i]!) : sorted;
  }
  return new Model(model.architecture, model.config, kept, model.adapters);
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
