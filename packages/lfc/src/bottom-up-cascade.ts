import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Adapter,
  accuracyOf,
  allowedCount,
  type Block,
  type BlockOrder,
  balancedSample,
  blocksOf,
  type Criterion,
  checkDataset,
  type Dataset,
  describeAdapter,
  type Engine,
  Generator,
  KcrError,
  type Kept,
  Model,
  only,
  type PrunedModel,
  prune,
  pruneState,
  readSafetensors,
  requireSameRun,
  type StateDict,
  subset,
  thresholdSelections,
  writeSafetensors,
} from '@kcr/core';
import { growingSearch } from './growing-search.ts';
import { lfs } from './lfs.ts';

/** Makes the token selector of a model that keeps so many image tokens in its first blocks. */
export type MakeTokenSelector = (counts: readonly number[]) => Adapter;

export interface CascadeOptions {
  /** The trained model. */
  model: Model;
  weights: StateDict;
  /** Holds no state; each step uses it and leaves it so. */
  engine: Engine;
  /** Training images, without augmentation. */
  data: Dataset;
  batchSize: number;
  seed: number;
  /** Percentage points of accuracy that all blocks together may cost; each may cost an equal part. */
  epsilon: number;
  /** Share of a block's part that its tokens may cost. */
  rho: number;
  /** Chooses tokens, e.g. `(counts) => lfe({ counts })`. Absent: channels alone are taken out. */
  tokens?: MakeTokenSelector;
  /** Default: {@link lfs}. */
  criterion?: Criterion;
  /** Roles of the dimensions to prune. Default `qk`, `v` and `hidden`. */
  dims?: readonly string[];
  /** Default `bottom-up`. */
  order?: BlockOrder;
  /** Training images that the accuracy is measured on, equally many of each class. Default 5000. */
  calibrationImages?: number;
  /** Training images that channels are scored on. Default 2000. */
  scoringImages?: number;
  /** Fewest image tokens to keep, by block. Default 1 everywhere. */
  minTokens?: readonly number[];
  /** Folder for the state after each block; a cascade found there goes on. */
  directory?: string;
  /** Called after each measured try. */
  onTry?(report: TryReport): void;
  /** Called after each block. */
  onBlock?(record: BlockRecord): void;
}

/** One measured try to take out more. */
export interface TryReport {
  block: string;
  /** The block's turn, from 1, and the number of blocks. */
  turn: number;
  blocks: number;
  what: 'tokens' | 'channels';
  /** How many it takes out of the block. */
  count: number;
  /** Percentage points below the model that came to the block, and most that may be. */
  drop: number;
  allowed: number;
}

/** What was taken out of a block. */
export interface BlockRecord {
  block: string;
  /** Image tokens after it, where it is a transformer block. */
  tokens?: number;
  /** Channels of its dimensions afterwards, by role. */
  channels: Record<string, number>;
  /** Percentage points below the model that came to it. */
  drop: number;
  macs: number;
  params: number;
  tries: number;
}

export interface CascadeResult extends PrunedModel {
  blocks: BlockRecord[];
}

/** A cascade between two blocks. */
interface State extends CascadeResult {
  /** Image tokens that are kept, by transformer block; absent: as many as come to it. */
  counts: (number | undefined)[];
}

const FILE = 'cascade.safetensors';

/** The blocks in the order of the cascade. */
function turns({ model, dims, order }: CascadeOptions): Block[] {
  const blocks = blocksOf(model, dims ?? ['qk', 'v', 'hidden']);
  return order === 'top-down' ? blocks.reverse() : blocks;
}

/** The counts as a selector takes them: each block keeps at most what those before it do. */
function filled(counts: State['counts'], all: number): number[] {
  let least = all;
  return counts.slice(0, counts.findLastIndex((n) => n !== undefined) + 1).map((n) => {
    least = Math.min(least, n ?? least);
    return least;
  });
}

/** Image tokens that come to the first block. @throws KcrError `CASCADE_TOKENS` */
function imageTokens(model: Model): number {
  const layout = model.taps.find((tap) => tap.role === 'tokens')?.layout;
  if (layout && model.architecture.tokens === 'set')
    return layout.positions.filter((position) => position >= 0).length;
  throw new KcrError('CASCADE_TOKENS', {
    where: `bottom-up cascade on ${model.architecture.name}`,
    found: 'a model whose tokens are a grid, or lie in no map',
    fix: 'Leave `tokens` out, which takes out channels alone',
  });
}

/**
 * VTC-LFC's bottom-up cascade: block by block, tokens first and then channels are taken out as long as the accuracy
 * on training images drops by at most epsilon / blocks points, the tokens' part of it at most the share rho. Nothing is
 * trained in between. A block's channels are scored once, with its tokens gone.
 *
 * @throws KcrError `OPTION`, `DATASET_*`, `DIM_ROLES`, `CASCADE_TOKENS`, `TOKENS_*`, `RESUME_MISMATCH`
 */
export async function bottomUpCascade(options: CascadeOptions): Promise<CascadeResult> {
  checkOptions(options);
  checkDataset(options.model, options.data, 'training images');
  const { model, weights, directory } = options;
  const blocks = turns(options);
  const path = directory && join(directory, FILE);
  if (options.tokens) imageTokens(model);
  const start: State = { model, weights, counts: [], blocks: [] };
  let state = path && existsSync(path) ? await load(path, options) : start;
  const images = samples(options);
  for (const [i, block] of blocks.entries()) {
    if (i < state.blocks.length) continue;
    const turn = new BlockTurn(options, images, block, { turn: i + 1, blocks: blocks.length });
    state = await turn.run(state);
    if (path) await save(path, state, options);
    options.onBlock?.(state.blocks.at(-1)!);
  }
  return { model: state.model, weights: state.weights, blocks: state.blocks };
}

function checkOptions({ epsilon, rho }: CascadeOptions): void {
  const refuse = (where: string, found: number, fix: string) => {
    throw new KcrError('OPTION', { where, found: String(found), fix });
  };
  if (!(epsilon > 0 && epsilon <= 100))
    refuse('bottom-up cascade, epsilon', epsilon, 'Give percentage points, above 0, at most 100');
  if (!(rho >= 0 && rho <= 1))
    refuse('bottom-up cascade, rho', rho, "Give the tokens' share of the drop, 0 to 1");
}

interface Images {
  calibration: Dataset;
  scoring: Dataset;
}

function samples({ data, seed, ...sizes }: CascadeOptions): Images {
  const generator = new Generator(seed).fork('cascade');
  const draw = (name: string, n: number) =>
    subset(data, balancedSample(data, n, generator.fork(name)));
  return {
    calibration: draw('calibration', sizes.calibrationImages ?? 5000),
    scoring: draw('scoring', sizes.scoringImages ?? 2000),
  };
}

/** The turn of one block. */
class BlockTurn {
  #tries = 0;
  /** Accuracy, in points, of the model that came to the block. */
  #base = 0;
  /** The drop of what was chosen so far. */
  #drop = 0;

  constructor(
    private readonly options: CascadeOptions,
    private readonly images: Images,
    private readonly block: Block,
    private readonly at: { turn: number; blocks: number },
  ) {}

  async run(state: State): Promise<State> {
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

  async #takeTokens(state: State): Promise<State> {
    const { tokens: make, rho, minTokens = [] } = this.options;
    const place = this.block.transformer;
    if (!make || place === undefined) return state;
    const all = imageTokens(this.options.model);
    const coming = filled(state.counts.slice(0, place), all).at(-1) ?? all;
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

  async #takeChannels(state: State): Promise<State> {
    const { criterion = lfs({}), engine, batchSize, seed } = this.options;
    const { model, weights } = state;
    const names = this.block.dims.map(({ name }) => name);
    const scores = only(
      await criterion.score({
        ...{ model, weights, engine, batchSize, data: this.images.scoring },
        generator: new Generator(seed).fork(this.block.name),
      }),
      names,
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

  #record({ model, counts }: State): BlockRecord {
    const place = this.block.transformer;
    const channels = Object.fromEntries(
      this.block.dims.map(({ name, role }) => [role, model.dims.get(name)!.size]),
    );
    const selects = this.options.tokens && place !== undefined;
    const all = selects ? imageTokens(this.options.model) : 0;
    return {
      block: this.block.name,
      ...(selects ? { tokens: filled(counts.slice(0, place + 1), all).at(-1) ?? all } : {}),
      ...{ channels, drop: this.#drop, macs: model.macs.total, params: model.parameterCount },
      tries: this.#tries,
    };
  }
}

/** A pruned model with its own adapters and the selector that keeps so many tokens. */
function withTokens(
  pruned: Model,
  { model, tokens }: CascadeOptions,
  counts: State['counts'],
  all: number,
): Model {
  const kept = filled(counts, all);
  const selectors = kept.length > 0 ? [tokens!(kept)] : [];
  return new Model(model.architecture, model.config, pruned.kept, [
    ...model.adapters,
    ...selectors,
  ]);
}

/** What must be the same for a cascade to go on. */
function identityOf(options: CascadeOptions): object {
  const { model, data, criterion = lfs({}), tokens } = options;
  const { batchSize, seed, epsilon, rho, dims, order, minTokens } = options;
  const { calibrationImages, scoringImages } = options;
  const identity = {
    architecture: model.architecture.name,
    ...{ config: model.config, kept: model.kept, images: data.length },
    criterion: { name: criterion.name, options: criterion.options },
    tokens: tokens && describeAdapter(tokens([])),
    ...{ batchSize, seed, epsilon, rho, dims, order, minTokens, calibrationImages, scoringImages },
  };
  return JSON.parse(JSON.stringify(identity));
}

/** Saves a cascade in one file, so that it is whole or not there. */
function save(path: string, state: State, options: CascadeOptions): Promise<void> {
  const { weights, model, counts, blocks } = state;
  const saved = { identity: identityOf(options), kept: model.kept, counts, blocks };
  return writeSafetensors(path, { tensors: weights, metadata: { cascade: JSON.stringify(saved) } });
}

async function load(path: string, options: CascadeOptions): Promise<State> {
  const { tensors, metadata } = await readSafetensors(path);
  const saved = JSON.parse(metadata.cascade ?? '{}') as {
    identity: object;
    kept: Kept;
    counts: (number | null)[];
    blocks: BlockRecord[];
  };
  requireSameRun(path, saved.identity ?? {}, identityOf(options));
  const counts = saved.counts.map((n) => n ?? undefined);
  const { architecture, config, adapters } = options.model;
  const pruned = new Model(architecture, config, saved.kept, adapters);
  const model =
    counts.length > 0 ? withTokens(pruned, options, counts, imageTokens(options.model)) : pruned;
  model.checkState(tensors, path);
  return { model, weights: tensors, counts, blocks: saved.blocks };
}
