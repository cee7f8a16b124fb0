import {
  KcrError,
  type Kept,
  Model,
  type RunIdentity,
  readSafetensors,
  requireSameRun,
  runIdentity,
  writeSafetensors,
} from '@kcr/core';
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
function identityOf(options: CascadeOptions): RunIdentity {
  const { model, weights, data, criterion = lfs({}), tokenSelector } = options;
  const { batchSize, seed, epsilon, rho, dims, order, minTokens } = options;
  const { calibrationImages, scoringImages } = options;
  return runIdentity({
    stage: 'bottom-up-cascade',
    model,
    data: { train: data },
    weights: { initial: weights },
    extensions: [criterion, ...(tokenSelector ? [tokenSelector([])] : [])],
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
  options: CascadeOptions,
): Promise<void> {
  const { weights, model, counts, blocks } = state;
  const saved = { identity: identityOf(options), kept: model.kept, counts, blocks };
  return writeSafetensors(path, { tensors: weights, metadata: { cascade: JSON.stringify(saved) } });
}

/** Reads a cascade to go on with. @throws KcrError `RESUME_MISMATCH` */
export async function loadCascade(path: string, options: CascadeOptions): Promise<CascadeState> {
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
