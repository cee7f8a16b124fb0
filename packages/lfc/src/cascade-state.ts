import { KcrError, type Kept, Model } from '@kcr/core';
import {
  isCount,
  isRecord,
  type RunIdentity,
  readState,
  runIdentity,
  stateDamaged,
  writeState,
} from '@kcr/core/internal';
import type { BlockRecord, CascadeOptions, CascadeResult } from './cascade-options.ts';
import { lfs } from './lfs.ts';

/** A cascade between two blocks. */
export interface CascadeState extends CascadeResult {
  /** Image tokens that are kept, by transformer block; absent: as many as come to it. */
  counts: (number | undefined)[];
}

/** The counts as a selector takes them: each block keeps at most what those before it do. */
function filled(counts: CascadeState['counts'], all: number): number[] {
  let least = all;
  return counts.slice(0, counts.findLastIndex((n) => n !== undefined) + 1).map((n) => {
    least = Math.min(least, n ?? least);
    return least;
  });
}

/** Image tokens that are left after the blocks that have `counts`. */
export const tokensLeft = (counts: CascadeState['counts'], all: number): number =>
  filled(counts, all).at(-1) ?? all;

/** Image tokens that come to the first block. @throws KcrError `CASCADE_TOKENS` */
export function imageTokens(model: Model): number {
  const layout = model.taps.find((tap) => tap.role === 'tokens')?.layout;
  if (layout && model.architecture.tokens === 'set')
    return layout.positions.filter((position) => position >= 0).length;
  throw new KcrError('CASCADE_TOKENS', {
    where: `bottom-up cascade on ${model.architecture.name}`,
    found: 'a model whose tokens are a grid, or lie in no map',
    fix: 'Leave `tokenSelector` out, which takes out channels alone',
  });
}

/** A pruned model with its own adapters and the selector that keeps so many tokens. */
export function withTokens(
  pruned: Model,
  { model, tokenSelector }: CascadeOptions,
  counts: CascadeState['counts'],
  all: number,
): Model {
  const kept = filled(counts, all);
  const selectors = kept.length > 0 ? [tokenSelector!(kept)] : [];
  return new Model(model.architecture, model.config, pruned.kept, [
    ...model.adapters,
    ...selectors,
  ]);
}

/** What must be the same for a cascade to go on. */
export function cascadeIdentity(options: CascadeOptions): Promise<RunIdentity> {
  const { model, weights, data, criterion = lfs({}), tokenSelector } = options;
  const { batchSize, seed, epsilon, rho, dims, order, minTokens } = options;
  const { calibrationImages, scoringImages, versions } = options;
  return runIdentity({
    stage: 'bottom-up-cascade',
    model,
    data: { train: data },
    weights: { initial: weights },
    extensions: [criterion, ...(tokenSelector ? [tokenSelector([])] : [])],
    versions,
    options: {
      batchSize,
      seed,
      epsilon,
      rho,
      dims,
      order,
      minTokens,
      calibrationImages,
      scoringImages,
    },
  });
}

/** Saves a cascade in one file, so that it is whole or not there. */
export function saveCascade(
  path: string,
  state: CascadeState,
  identity: RunIdentity,
): Promise<void> {
  const { weights, model, counts, blocks } = state;
  return writeState(
    path,
    { arrays: weights, facts: { kept: model.kept, counts, blocks } },
    identity,
  );
}

/**
 * Reads a cascade to go on with.
 *
 * @throws KcrError `RESUME_MISMATCH`; `STATE_DAMAGED` for a file that is not as it was written, or that no cascade over the
 *   model leaves
 */
export async function loadCascade(
  path: string,
  options: CascadeOptions,
  identity: RunIdentity,
): Promise<CascadeState> {
  const { arrays: weights, facts } = await readState(path, identity);
  const { kept, counts: saved, blocks } = facts;
  if (!isKept(kept)) throw stateDamaged(path, 'no list of channels for each dimension');
  if (!isCounts(saved)) throw stateDamaged(path, 'no number of tokens for each block');
  if (!isBlocks(blocks)) throw stateDamaged(path, 'no record of each block');
  const counts = saved.map((n) => n ?? undefined);
  try {
    const { architecture, config, adapters } = options.model;
    const pruned = new Model(architecture, config, kept, adapters);
    const model =
      counts.length > 0 ? withTokens(pruned, options, counts, imageTokens(options.model)) : pruned;
    model.checkState(weights, path);
    return { model, weights, counts, blocks };
  } catch (cause) {
    throw stateDamaged(path, `another model than this one (${(cause as Error).message})`, cause);
  }
}

const isKept = (value: unknown): value is Kept =>
  isRecord(value) && Object.values(value).every((ids) => Array.isArray(ids) && ids.every(isCount));

const isCounts = (value: unknown): value is (number | null)[] =>
  Array.isArray(value) && value.every((n) => n === null || isCount(n));

const isScores = (value: unknown): boolean =>
  isRecord(value) &&
  Object.values(value).every(
    (role) =>
      isRecord(role) &&
      typeof role.log === 'boolean' &&
      Array.isArray(role.points) &&
      role.points.every(
        (point) => Array.isArray(point) && point.length === 2 && point.every(Number.isFinite),
      ),
  );

const isBlocks = (value: unknown): value is BlockRecord[] =>
  Array.isArray(value) &&
  value.every(
    (record) =>
      isRecord(record) &&
      typeof record.block === 'string' &&
      isRecord(record.channels) &&
      Object.values(record.channels).every(isCount) &&
      (record.tokens === undefined || isCount(record.tokens)) &&
      [record.macs, record.params, record.tries].every(isCount) &&
      Number.isFinite(record.drop) &&
      (record.scores === undefined || isScores(record.scores)),
  );
