import type { StateDict } from './state-dict.ts';

/** The arrays of a file that are a model's, among others that it may have. */
export interface FileState {
  /** Under the model's names. */
  readonly state: StateDict;
  /** What stands before these names in the file: '', `module.`, `state_dict_ema.`. */
  readonly prefix: string;
  /** Whether they are averages, of which the file has the weights too. */
  readonly averaged: boolean;
  /** Names in the file of the arrays that are of something else. */
  readonly others: readonly string[];
}

/** A prefix of averaged weights: `ema.`, `model_ema.module.`, `state_dict_ema.`. */
const isAverage = (prefix: string) => /(^|[._])ema([._]|$)/i.test(prefix);

/**
 * Finds a model's arrays in a file whose names may stand under a prefix. Where several prefixes have equally many of the names,
 * averages are taken, as by timm's `load_checkpoint`.
 *
 * @param names of the model
 */
export function fileState(tensors: StateDict, names: ReadonlySet<string>): FileState {
  const counts = prefixCounts(Object.keys(tensors), names);
  const most = Math.max(0, ...counts.values());
  const best = [...counts.keys()].filter((prefix) => counts.get(prefix) === most);
  const averages = best.filter(isAverage);
  const [first = '', ...rest] = averages.length > 0 ? averages : best;
  const prefix = rest.reduce(shorter, first);
  // Whole models under other prefixes, and within this one: an average beside weights that have no prefix.
  const siblings = [...counts].flatMap(([other, count]) =>
    other !== prefix && !prefix.startsWith(other) && 2 * count >= most ? [other] : [],
  );
  const state: StateDict = {};
  const others: string[] = [];
  for (const [name, array] of Object.entries(tensors)) {
    const isOwn = name.startsWith(prefix) && !siblings.some((other) => name.startsWith(other));
    if (isOwn) state[name.slice(prefix.length)] = array;
    else others.push(name);
  }
  return { state, prefix, averaged: averages.length > 0 && best.length > 1, others };
}

const shorter = (a: string, b: string) => (b.length < a.length ? b : a);

/** How many of the model's names the file has behind each prefix. */
function prefixCounts(found: readonly string[], names: ReadonlySet<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of found)
    for (let cut = 0; cut >= 0; cut = name.indexOf('.', cut) + 1 || -1) {
      if (!names.has(name.slice(cut))) continue;
      const prefix = name.slice(0, cut);
      counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
    }
  return counts;
}
