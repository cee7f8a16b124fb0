import { checkShare, defineAllocator, partOf } from './allocator.ts';
import { type CountRules, checkCountRules, selectCounts } from './selection.ts';
import { thresholdSelections } from './threshold-selections.ts';

export interface KeepRatioOptions extends CountRules {
  /** Share of the channels to keep. */
  keepRatio: number;
}

/** The same share of every dimension. @throws KcrError `OPTION` */
export const uniform = defineAllocator({
  name: 'uniform',
  contract: 1,
  allocate: ({ keepRatio, ...rules }: KeepRatioOptions) => {
    checkShare('uniform, keepRatio', keepRatio);
    checkCountRules('uniform', rules);
    return ({ model, whole, scores, ...way }) => {
      const share = partOf(keepRatio, way);
      return selectCounts(model, scores, ({ name }) => share * whole.dims.get(name)!.size, rules);
    };
  },
});

/** One threshold over all dimensions, that leaves a share of their channels. @throws KcrError `OPTION` */
export const globalThreshold = defineAllocator({
  name: 'global',
  contract: 1,
  allocate: ({ keepRatio, ...rules }: KeepRatioOptions) => {
    checkShare('global, keepRatio', keepRatio);
    checkCountRules('global', rules);
    return ({ model, whole, scores, ...way }) => {
      const all = [...scores.keys()].reduce((sum, name) => sum + whole.dims.get(name)!.size, 0);
      const { length, at } = thresholdSelections(model, scores, rules);
      const keep = Math.round(partOf(keepRatio, way) * all);
      return at(Math.max(length - 1 - keep, 0));
    };
  },
});
