import { createHash } from 'node:crypto';
import type { Fold } from '../data/data-kind.ts';
import { findDataKind } from '../data/data-kinds.ts';
import type { RecipeInput } from '../recipes/recipe.ts';
import { type Bracket, bracketsOf } from './brackets.ts';
import { withPoint } from './point.ts';
import type { LoadedSweep, Point, WrittenRecipe } from './sweep.ts';
import { meanOf } from './t-interval.ts';
import { metricOf, type TrialResult } from './trial-result.ts';

/** One training of one setting. */
export interface Trial {
  /** Known by its whole recipe, so that the same settings are the same trial in another sweep of the folder too. */
  readonly id: string;
  /** The same of what its recipe says of the images. */
  readonly images: string;
  readonly point: Point;
  /** Which fold it is measured on. */
  readonly fold?: number;
  readonly seed: number;
  /** Where the strategy says how long it is. */
  readonly epochs?: number;
  readonly recipe: RecipeInput;
}

/** A place of a sweep, which a trial takes: known before the sweep begins, though halving chooses the trial later. */
export interface Slot {
  /** From 0, over all of the sweep. */
  readonly index: number;
  readonly bracket: number;
  readonly rung: number;
  /** Which of the rung's settings. */
  readonly place: number;
  readonly fold?: number;
  readonly seed: number;
  /** What it costs beside the others: the epochs, where the strategy sets them. */
  readonly cost: number;
}

/** Trials that have ended, by id. */
export type Results = ReadonlyMap<string, TrialResult>;

/** Letters of a trial's id. */
const ID_LENGTH = 12;

/** JSON with the fields of all objects in one order. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, own]) => [key, canonical(own)]));
}

/** A short name of something, which is that of nothing else. */
const digestOf = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(canonical(value)))
    .digest('hex')
    .slice(0, ID_LENGTH);

/** All trials of a sweep: which there are, and for halving which come next by the results of those before. */
export class SweepPlan {
  readonly #brackets: readonly Bracket[];
  readonly slots: readonly Slot[];
  readonly #trials = new Map<string, Trial>();

  private constructor(
    readonly loaded: LoadedSweep,
    private readonly foldedData: (fold: Fold) => unknown,
  ) {
    const { sweep } = loaded;
    this.#brackets = bracketsOf(sweep);
    let index = 0;
    this.slots = this.#brackets.flatMap(({ points, rungs }, bracket) =>
      rungs.flatMap(({ settings, epochs }, rung) =>
        Array.from({ length: Math.min(settings, points.length) }).flatMap((_, place) =>
          this.folds.flatMap((fold) =>
            this.seeds.map((seed) => ({
              index: index++,
              bracket,
              rung,
              place,
              fold,
              seed,
              cost: epochs ?? 1,
            })),
          ),
        ),
      ),
    );
  }

  /** @throws KcrError those of loading the kind of the recipe's data */
  static async of(loaded: LoadedSweep): Promise<SweepPlan> {
    const data = (loaded.recipe.data ?? {}) as Record<string, unknown>;
    const kind = await findDataKind(String(data.kind ?? 'classes'), loaded.from);
    return new SweepPlan(loaded, (fold) => kind.folded!(data, fold));
  }

  /** The folds that each setting is tried on; one that is none where there is no cross-validation. */
  get folds(): readonly (number | undefined)[] {
    const { folds } = this.loaded.sweep;
    return folds ? Array.from({ length: folds.count }, (_, i) => i) : [undefined];
  }

  get seeds(): readonly number[] {
    const { sweep, recipe } = this.loaded;
    return sweep.seeds ?? [Number(recipe.seed ?? 0)];
  }

  /** The longest training, where the strategy sets how long it is. */
  get maxEpochs(): number | undefined {
    const { strategy } = this.loaded.sweep;
    return strategy.kind === 'halving' ? strategy.maxEpochs : undefined;
  }

  /**
   * The trial of a slot.
   *
   * @returns nothing where results that are not there yet decide it; `none` where too few settings have a result
   */
  trial({ bracket, rung, place, fold, seed }: Slot, results: Results): Trial | 'none' | undefined {
    const points = this.#pointsOf(bracket, rung, results);
    if (!points) return undefined;
    const point = points[place];
    return point ? this.#trialOf(point, bracket, rung, fold, seed) : 'none';
  }

  /** The settings of a rung; nothing where the rung before has not ended. */
  #pointsOf(bracket: number, rung: number, results: Results): readonly Point[] | undefined {
    const { points, rungs } = this.#brackets[bracket]!;
    if (rung === 0) return points;
    const before = this.#pointsOf(bracket, rung - 1, results);
    if (!before) return undefined;
    const scored: { point: Point; score: number }[] = [];
    for (const point of before) {
      const own = this.trialsOf(point, bracket, rung - 1).map(({ id }) => results.get(id));
      if (own.includes(undefined)) return undefined;
      const values = own.map((result) => metricOf(result!, this.loaded.sweep.metric.path));
      if (values.every((value) => value !== undefined))
        scored.push({ point, score: this.sign * meanOf(values as number[]) });
    }
    // Sorting is stable: of equal ones the first go on, on all machines.
    const best = scored.toSorted((a, b) => b.score - a.score);
    return best.slice(0, rungs[rung]!.settings).map(({ point }) => point);
  }

  /** 1 where the largest is the best, -1 where the smallest is. */
  get sign(): number {
    return this.loaded.sweep.metric.goal === 'max' ? 1 : -1;
  }

  /** The trials of a setting in a rung: one for each fold and seed. */
  trialsOf(point: Point, bracket: number, rung: number): Trial[] {
    return this.folds.flatMap((fold) =>
      this.seeds.map((seed) => this.#trialOf(point, bracket, rung, fold, seed)),
    );
  }

  #trialOf(
    point: Point,
    bracket: number,
    rung: number,
    fold: number | undefined,
    seed: number,
  ): Trial {
    const { epochs } = this.#brackets[bracket]!.rungs[rung]!;
    const key = JSON.stringify([point, fold, seed, epochs]);
    const known = this.#trials.get(key);
    if (known) return known;
    const recipe = this.recipeOf(point, epochs, fold, seed);
    const [id, images] = [digestOf(recipe), digestOf(recipe.data)];
    const trial = { id, images, point, fold, seed, epochs, recipe };
    this.#trials.set(key, trial);
    return trial;
  }

  /** The recipe of a setting; without a fold with the recipe's own images. */
  recipeOf(point: Point, epochs = this.maxEpochs, fold?: number, seed?: number): RecipeInput {
    const { sweep, recipe } = this.loaded;
    const { strategy, folds } = sweep;
    const timed = strategy.kind === 'halving' ? { ...point, [strategy.epochs]: epochs! } : point;
    const own: WrittenRecipe = {
      ...withPoint(recipe, timed),
      ...(seed === undefined ? {} : { seed }),
      ...(fold === undefined || !folds
        ? {}
        : {
            data: this.foldedData({
              fold,
              folds: folds.count,
              seed: folds.seed,
              share: folds.share,
            }),
          }),
    };
    return own as unknown as RecipeInput;
  }
}
