import { KcrError } from '../ground/error.ts';
import { type Dim, type Kept, viewIndices } from '../model/dim.ts';
import type { Model } from '../model/model.ts';

/** One score per channel of each dimension; higher is kept first. */
export type Scores = ReadonlyMap<string, ArrayLike<number>>;

/** What counts a selection may have, besides what its dimensions allow: some are faster than others. */
export interface CountRules {
  /**
   * Counts are multiples of this, or all channels; of heads, those of all heads together. Dimensions that are smaller go without.
   * Kernels fill their vectors so: 16 for convolutions. Default 1.
   */
  align?: number;
  /** Heads stay as they are or go whole, which saves their softmax too. Default false. */
  wholeHeads?: boolean;
}

/** @throws KcrError `OPTION` */
export function checkCountRules(where: string, { align = 1 }: CountRules): void {
  if (!(Number.isSafeInteger(align) && align >= 1))
    throw new KcrError('OPTION', {
      where: `${where}, align`,
      found: String(align),
      fix: 'Give a whole number from 1, such as 8 or 16',
    });
}

/** The count nearest to `count` that the dimension allows: whole multiples, equal groups, its minimum. */
export function allowedCount(dim: Dim, count: number, groups = dim.groups, align = 1): number {
  const unit = lcm(dim.multipleOf, groups);
  const width = groups * (dim.size / dim.groups);
  const most = width - (width % unit) || width;
  const step = lcm(unit, align) <= most ? lcm(unit, align) : unit;
  const least = Math.ceil(Math.max(dim.min, 1) / step) * step;
  const nearest = Math.max(Math.round(count / step) * step, least);
  return nearest > most || most - count < Math.abs(nearest - count) ? most : nearest;
}

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

const lcm = (a: number, b: number): number => (a / gcd(a, b)) * b;

/** The best `count` channels of one group, in the order of their scores, and the sum of these. */
function bestOfGroup(dim: Dim, scores: ArrayLike<number>, group: number, count: number) {
  const width = dim.size / dim.groups;
  const channels = Array.from({ length: width }, (_, i) => group * width + i);
  // Ties go to the lower index, so that a selection does not depend on the sort.
  const best = channels.sort((a, b) => scores[b]! - scores[a]! || a - b).slice(0, count);
  return { best, score: best.reduce((sum, channel) => sum + scores[channel]!, 0) };
}

/**
 * The channels with the highest scores, equally many in each group of the dimension.
 *
 * @returns indices into the dimension as it is now, ascending; as many as {@link allowedCount} allows
 */
export function topChannels(
  dim: Dim,
  scores: ArrayLike<number>,
  count: number,
  align = 1,
): number[] {
  const perGroup = allowedCount(dim, count, dim.groups, align) / dim.groups;
  const kept = Array.from(
    { length: dim.groups },
    (_, group) => bestOfGroup(dim, scores, group, perGroup).best,
  );
  return kept.flat().sort((a, b) => a - b);
}

/** A dimension, what its channels are worth, and how many to keep. */
interface Wanted {
  dim: Dim;
  scores: ArrayLike<number>;
  count: number;
}

/** The number of groups, of all their channels, that comes nearest to what is wanted of the dimensions. */
function wholeGroups(wanted: readonly Wanted[]): number {
  const shares = wanted.map(({ dim, count }) => count / dim.size);
  const share = shares.reduce((sum, own) => sum + own, 0) / shares.length;
  const { groups } = wanted[0]!.dim;
  return Math.min(Math.max(Math.round(share * groups), 1), groups);
}

/**
 * Channels of dimensions that must keep the same groups: as many of each as wanted, spread equally over as many
 * groups as gives the highest sum of scores, so that whole groups may go. For a number of groups the best ones
 * are those whose own best channels sum to most, so no subset needs to be tried.
 */
function topGroups(asked: readonly Wanted[], { align, wholeHeads }: CountRules): number[][] {
  const all = asked[0]!.dim.groups;
  const whole = wholeHeads ? wholeGroups(asked) : undefined;
  const wanted = asked.map(({ dim, scores, count }) => ({
    dim,
    scores,
    count: whole === undefined ? count : (whole * dim.size) / all,
  }));
  let most: { score: number; kept: number[][] } | undefined;
  for (let groups = whole ?? all; groups >= 1; groups--) {
    const counts = wanted.map(({ dim, count }) => allowedCount(dim, count, groups, align) / groups);
    const fits = wanted.every(({ dim, count }) => count <= (groups * dim.size) / dim.groups);
    if (most && !fits) break;
    const candidates = Array.from({ length: all }, (_, group) =>
      wanted.map(({ dim, scores }, i) => bestOfGroup(dim, scores, group, counts[i]!)),
    ).map((parts) => ({ parts, score: parts.reduce((sum, { score }) => sum + score, 0) }));
    // The sort is stable: of equal groups the first.
    const chosen = candidates.sort((a, b) => b.score - a.score).slice(0, groups);
    const score = chosen.reduce((sum, candidate) => sum + candidate.score, 0);
    if (most && score <= most.score) continue;
    const kept = wanted.map((_, i) =>
      chosen.flatMap(({ parts }) => parts[i]!.best).sort((a, b) => a - b),
    );
    most = { score, kept };
  }
  return most!.kept;
}

/**
 * The best channels of every scored dimension, as many of each as `count` says. A view keeps some that the
 * dimension it looks at keeps too; dimensions with common groups (heads) keep the same ones.
 *
 * @param rules which counts are taken, each the nearest to what `count` says
 */
export function selectCounts(
  model: Model,
  scores: Scores,
  count: (dim: Dim, values: ArrayLike<number>) => number,
  rules: CountRules = {},
): Kept {
  const kept: Record<string, number[]> = {};
  const done = new Set<string>();
  const want = (dim: Dim): Wanted => {
    const values = scores.get(dim.name)!;
    const needed = neededByViews(model, scores, dim);
    const own = Array.from(usable(dim, values, kept), (score, i) =>
      needed.has(i) ? Number.POSITIVE_INFINITY : score,
    );
    return { dim, scores: own, count: Math.max(count(dim, values), needed.size) };
  };
  // A view is made after the dimension it looks at, so that one's selection is known.
  for (const dim of model.dims.values()) {
    if (!scores.has(dim.name) || done.has(dim.name)) continue;
    const together = sameGroups(model, dim);
    if (dim.groups > 1 && together.every(({ name }) => scores.has(name))) {
      const chosen = topGroups(together.map(want), rules);
      together.forEach(({ name }, i) => {
        kept[name] = chosen[i]!;
        done.add(name);
      });
    } else {
      const wanted = want(dim);
      // Without the scores of the others no head can go.
      const own = rules.wholeHeads && dim.groups > 1 ? dim.size : wanted.count;
      kept[dim.name] = topChannels(dim, wanted.scores, own, rules.align);
    }
  }
  return kept;
}

/** The dimensions that must keep the same groups as this one, itself included. */
const sameGroups = (model: Model, dim: Dim): Dim[] =>
  dim.groupSet === undefined
    ? [dim]
    : [...model.dims.values()].filter(({ groupSet }) => groupSet === dim.groupSet);

/** The best channel for each view that was pruned before, so that none loses all of its own. */
function neededByViews(model: Model, scores: Scores, dim: Dim): Set<number> {
  const values = scores.get(dim.name)!;
  const views = [...model.dims.values()].filter(
    (view) => view.of?.name === dim.name && view.kept && !scores.has(view.name),
  );
  const best = views.map((view) => {
    const seen = viewIndices(view) ?? [];
    return seen.reduce((a, b) => (values[b]! > values[a]! ? b : a), seen[0] ?? 0);
  });
  return new Set(best);
}

/** Scores, of which those of channels that the dimension looked at has lost are below all others. */
function usable(dim: Dim, values: ArrayLike<number>, kept: Kept): ArrayLike<number> {
  const base = dim.of && kept[dim.of.name];
  if (!base) return values;
  const present = new Set(base.map((i) => dim.of!.kept?.[i] ?? i));
  return Array.from(values, (score, i) =>
    present.has(dim.kept?.[i] ?? i) ? score : Number.NEGATIVE_INFINITY,
  );
}
