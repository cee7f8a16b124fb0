import type { RecipeInput } from '../recipes/recipe.ts';
import type { Point, Sweep } from './sweep.ts';
import type { Results, SweepPlan, Trial } from './sweep-plan.ts';
import { type Interval, meanOf, tInterval } from './t-interval.ts';
import { metricOf } from './trial-result.ts';

/** What one setting has come to. */
export interface SettingFinding {
  readonly point: Point;
  /** How long it was trained, where the strategy says so. */
  readonly epochs?: number;
  /** The metric over folds and seeds, of a setting whose trials have all ended and given one. */
  readonly score?: Interval;
  /** Trials that have ended, and those that failed among them. */
  readonly done: number;
  readonly failed: number;
  /** All of its trials. */
  readonly trials: number;
  /** Seconds that all of its trials took. */
  readonly seconds: number;
}

/** The metric at one value of a parameter. */
interface EffectPoint extends Interval {
  readonly value: Point[string];
}

/** How the metric depends on a parameter. */
export interface Effect {
  readonly path: string;
  /**
   * Whether values were drawn from a range: each is a setting's own then. Of listed values each has the means over all settings
   * that have it, one for each fold and seed. Settings of which a trial failed, or has not ended, are left out.
   */
  readonly drawn: boolean;
  readonly log: boolean;
  readonly points: readonly EffectPoint[];
}

/** The setting that is best, and its recipe. */
export interface Best extends SettingFinding {
  readonly score: Interval;
  /** With the recipe's own images, for `kcr compress`. */
  readonly recipe: RecipeInput;
}

/** What a sweep has found so far. */
export interface Findings {
  readonly sweep: Sweep;
  readonly recipe: string;
  /** URL of the file that the recipe is in. */
  readonly from?: string;
  /** The best first; those without a score last. A setting of halving stands there with the longest training that it had. */
  readonly settings: readonly SettingFinding[];
  readonly effects: readonly Effect[];
  readonly best?: Best;
  /** Trials that have ended, and those that have not. */
  readonly done: number;
  readonly left: number;
  readonly failures: readonly {
    readonly id: string;
    readonly message: string;
    readonly point: Point;
  }[];
}

/** A setting with its trials in one rung. */
interface Tried {
  readonly point: Point;
  readonly trials: readonly Trial[];
}

/** What the trials that have ended say. */
export function findingsOf(plan: SweepPlan, results: Results): Findings {
  const { sweep, recipe, from } = plan.loaded;
  const { path } = sweep.metric;
  const trials = plan.slots.flatMap((slot) => {
    const trial = plan.trial(slot, results);
    // One that is not decided yet is still to come.
    return trial === 'none' ? [] : [{ slot, trial }];
  });
  const ended = trials.filter(({ trial }) => trial && results.has(trial.id));
  const numberOf = ({ id }: Trial) => {
    const result = results.get(id);
    return result && metricOf(result, path);
  };
  const groups = new Map<string, Tried & { trials: Trial[] }>();
  for (const { trial } of trials) {
    if (!trial) continue;
    const key = JSON.stringify([trial.point, trial.epochs]);
    const group = groups.get(key) ?? { point: trial.point, trials: [] };
    if (!group.trials.includes(trial)) group.trials.push(trial);
    groups.set(key, group);
  }
  const tried = [...groups.values()];
  const findings = tried.map((one) => findingOf(one, results, numberOf));
  const settings = longest(findings).toSorted((a, b) => order(a, b, plan.sign));
  const best = settings.find(
    ({ score, epochs }) => score !== undefined && epochs === plan.maxEpochs,
  );
  const shortest = Math.min(...tried.map(({ trials: own }) => own[0]!.epochs ?? 0));
  return {
    sweep,
    recipe: String(recipe.name),
    from,
    settings,
    // All settings were tried for the shortest time; those that were tried for longer are the better ones.
    effects: effectsOf(
      sweep,
      tried.filter(({ trials: own }) => (own[0]!.epochs ?? 0) === shortest),
      numberOf,
    ),
    best: best && { ...best, score: best.score!, recipe: plan.recipeOf(best.point) },
    done: ended.length,
    left: trials.length - ended.length,
    failures: failuresOf(tried, results),
  };
}

function findingOf(
  { point, trials }: Tried,
  results: Results,
  numberOf: (trial: Trial) => number | undefined,
): SettingFinding {
  const ended = trials.flatMap(({ id }) => results.get(id) ?? []);
  const values = trials.map(numberOf).filter((value) => value !== undefined);
  return {
    point,
    epochs: trials[0]!.epochs,
    // A setting that failed with some seeds is not as good as its other seeds look.
    score: values.length === trials.length ? tInterval(values) : undefined,
    done: ended.length,
    failed: ended.length - values.length,
    trials: trials.length,
    seconds: ended.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

/** Of each setting what its longest training has come to; its time is that of all. */
function longest(findings: readonly SettingFinding[]): SettingFinding[] {
  const byPoint = new Map<string, SettingFinding>();
  for (const finding of findings) {
    const key = JSON.stringify(finding.point);
    const other = byPoint.get(key);
    const isLonger = !other || (finding.score && (finding.epochs ?? 0) > (other.epochs ?? 0));
    const seconds = finding.seconds + (other?.seconds ?? 0);
    byPoint.set(key, { ...(isLonger ? finding : other), seconds });
  }
  return [...byPoint.values()];
}

/** Longer trainings first, then better ones; those without a score last. */
function order(a: SettingFinding, b: SettingFinding, sign: number): number {
  if (!a.score || !b.score) return Number(!a.score) - Number(!b.score);
  const longer = (b.epochs ?? 0) - (a.epochs ?? 0);
  return longer || sign * (b.score.mean - a.score.mean);
}

/** How the metric depends on each parameter. */
function effectsOf(
  { parameters }: Sweep,
  tried: readonly Tried[],
  numberOf: (trial: Trial) => number | undefined,
): Effect[] {
  // A setting that failed on some folds would be compared on the others alone.
  const whole = tried.filter(({ trials }) =>
    trials.every((trial) => numberOf(trial) !== undefined),
  );
  return Object.entries(parameters).map(([path, parameter]) => {
    const drawn = !Array.isArray(parameter);
    const values = drawn
      ? whole.map(({ point }) => point[path]!).toSorted((a, b) => Number(a) - Number(b))
      : parameter;
    const points = values.flatMap((value): EffectPoint[] => {
      const own = whole.filter(({ point }) => same(point[path], value));
      const means = blockMeans(own, numberOf);
      return means.length > 0 ? [{ value, ...tInterval(means) }] : [];
    });
    return { path, drawn, log: drawn && parameter.scale === 'log', points };
  });
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The mean over settings for each fold and seed: what these have in common is in all values of a parameter alike. */
function blockMeans(
  tried: readonly Tried[],
  numberOf: (trial: Trial) => number | undefined,
): number[] {
  const blocks = new Map<string, number[]>();
  for (const { trials } of tried)
    for (const trial of trials) {
      const value = numberOf(trial);
      if (value === undefined) continue;
      const key = `${trial.fold} ${trial.seed}`;
      blocks.set(key, [...(blocks.get(key) ?? []), value]);
    }
  return [...blocks.values()].map(meanOf);
}

const failuresOf = (tried: readonly Tried[], results: Results): Findings['failures'] =>
  tried.flatMap(({ point, trials }) =>
    trials.flatMap(({ id }) => {
      const failed = results.get(id)?.failed;
      return failed ? [{ id, point, message: `${failed.code}: ${failed.message}` }] : [];
    }),
  );
