import {
  accuracyOf,
  allowedCount,
  type Block,
  type Dataset,
  Generator,
  type PrunedModel,
  prune,
  pruneState,
  scoreChannels,
  thresholdSelections,
} from '@kcr/core';
import { scoreCharts } from '@kcr/core/internal';
import type { BlockRecord, CascadeOptions, TryReport } from './cascade-options.ts';
import { type CascadeState, imageTokens, tokensLeft, withTokens } from './cascade-state.ts';
import { growingSearch } from './growing-search.ts';
import { lfs } from './lfs.ts';

/** Training images that a cascade measures and scores on. */
export interface CascadeImages {
  calibration: Dataset;
  scoring: Dataset;
}

/** The turn of one block. */
export class BlockTurn {
  #tries = 0;
  /** Accuracy, in points, of the model that came to the block. */
  #base = 0;
  /** The drop of what was chosen so far. */
  #drop = 0;
  /** How its channels' scores are distributed, by role. */
  #scores: BlockRecord['scores'] = {};

  constructor(
    private readonly options: CascadeOptions,
    private readonly images: CascadeImages,
    private readonly block: Block,
    private readonly at: { turn: number; blocks: number },
  ) {}

  async run(state: CascadeState): Promise<CascadeState> {
    this.#base = await this.#points(state);
    const thinned = await this.#takeTokens(state);
    const pruned = await this.#takeChannels(thinned);
    return { ...pruned, blocks: [...state.blocks, this.#record(pruned)] };
  }

  get #allowed(): number {
    return this.options.epsilon / this.at.blocks;
  }

  async #points(candidate: PrunedModel): Promise<number> {
    const { engine, batchSize } = this.options;
    return 100 * (await accuracyOf(engine, candidate, this.images.calibration, batchSize));
  }

  /** Searches with candidates by how many they take out; gives the chosen one, or `none`. */
  async #search<S extends PrunedModel>(
    what: TryReport['what'],
    none: S,
    search: { limit: number; first: number; growth: number; allowed: number },
    candidate: (count: number) => S,
  ): Promise<S> {
    if (search.limit < 1 || search.allowed <= 0) return none;
    const drops = new Map<number, number>();
    const chosen = await growingSearch({
      ...search,
      drop: async (count) => {
        const drop = this.#base - (await this.#points(candidate(count)));
        drops.set(count, drop);
        this.#tries++;
        const { allowed } = search;
        const report = { block: this.block.name, ...this.at, what, count, drop, allowed };
        this.options.onTry?.(report);
        return drop;
      },
    });
    this.#drop = drops.get(chosen) ?? this.#drop;
    return chosen > 0 ? candidate(chosen) : none;
  }

  async #takeTokens(state: CascadeState): Promise<CascadeState> {
    const { tokenSelector: make, rho, minTokens = [] } = this.options;
    const place = this.block.transformer;
    if (!make || place === undefined) return state;
    const all = imageTokens(this.options.model);
    const coming = tokensLeft(state.counts.slice(0, place), all);
    const later = state.counts.slice(place).reduce((most: number, n) => Math.max(most, n ?? 0), 0);
    const limit = coming - Math.max(minTokens[place] ?? 1, later);
    const search = { limit, first: 1, growth: 1 / 3, allowed: rho * this.#allowed };
    return this.#search('tokens', state, search, (count) => {
      const counts = Array.from({ length: Math.max(state.counts.length, place + 1) }, (_, i) =>
        i === place ? coming - count : state.counts[i],
      );
      return { ...state, counts, model: withTokens(state.model, this.options, counts, all) };
    });
  }

  async #takeChannels(state: CascadeState): Promise<CascadeState> {
    const { criterion = lfs({}), engine, batchSize, seed } = this.options;
    const { model, weights } = state;
    const names = this.block.dims.map(({ name }) => name);
    const generator = new Generator(seed).fork(this.block.name);
    const context = { model, weights, engine, batchSize, data: this.images.scoring, generator };
    const scores = await scoreChannels(criterion, context, names);
    this.#scores = Object.fromEntries(
      scoreCharts(model, scores).map(({ role, logX, lines }) => [
        role,
        { log: logX ?? false, points: lines[0]!.points },
      ]),
    );
    const dims = [...scores.keys()].map((name) => model.dims.get(name)!);
    const fewest = dims.reduce((sum, dim) => sum + allowedCount(dim, 0, 1), 0);
    const channels = dims.reduce((sum, dim) => sum + dim.size, 0) - fewest;
    const first = Math.max(Math.round(0.01 * channels), 1);
    const search = { limit: channels, first, growth: 1 / 4, allowed: this.#allowed };
    const { at } = thresholdSelections(model, scores);
    return this.#search('channels', state, search, (count) => {
      const pruned = prune(model, at(count));
      return { ...state, model: pruned, weights: pruneState(model, pruned, weights) };
    });
  }

  #record({ model, counts }: CascadeState): BlockRecord {
    const place = this.block.transformer;
    const channels = Object.fromEntries(
      this.block.dims.map(({ name, role }) => [role, model.dims.get(name)!.size]),
    );
    const selects = this.options.tokenSelector && place !== undefined;
    const all = selects ? imageTokens(this.options.model) : 0;
    return {
      block: this.block.name,
      ...(selects ? { tokens: tokensLeft(counts.slice(0, place + 1), all) } : {}),
      channels,
      drop: this.#drop,
      macs: model.macs.total,
      params: model.parameterCount,
      tries: this.#tries,
      scores: this.#scores,
    };
  }
}
