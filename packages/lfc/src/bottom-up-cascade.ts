import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Block, balancedSample, blocksOf, Generator, KcrError, subset } from '@kcr/core';
import { checkDataset, type RunIdentity, stateDamaged } from '@kcr/core/internal';
import { BlockTurn, type CascadeImages } from './block-turn.ts';
import type { CascadeOptions, CascadeResult } from './cascade-options.ts';
import {
  type CascadeState,
  cascadeIdentity,
  imageTokens,
  loadCascade,
  saveCascade,
} from './cascade-state.ts';

const FILE = 'cascade.safetensors';

/** The blocks in the order of the cascade. */
function turns({ model, dims, order }: CascadeOptions): Block[] {
  const blocks = blocksOf(model, dims ?? ['qk', 'v', 'hidden']);
  return order === 'top-down' ? blocks.reverse() : blocks;
}

/**
 * VTC-LFC's bottom-up cascade: block by block, tokens first and then channels are taken out as long as the accuracy
 * on training images drops by at most epsilon / blocks points, the tokens' part of it at most the share rho. Nothing is
 * trained in between. A block's channels are scored once, with its tokens gone.
 *
 * @throws KcrError `OPTION`, `DATASET_*`, `DIM_ROLES`, `CASCADE_TOKENS`, `TOKENS_*`, `RESUME_MISMATCH`, `STATE_DAMAGED`
 */
export async function bottomUpCascade(options: CascadeOptions): Promise<CascadeResult> {
  checkOptions(options);
  checkDataset(options.model, options.data, 'training images');
  const { model, weights, directory } = options;
  const blocks = turns(options);
  // What is not saved needs no identity, for which all images are read.
  const saved = directory && {
    path: join(directory, FILE),
    identity: await cascadeIdentity(options),
  };
  if (options.tokenSelector) imageTokens(model);
  const start: CascadeState = { model, weights, counts: [], blocks: [] };
  let state = saved && existsSync(saved.path) ? await resumed(saved, options, blocks) : start;
  const images = samples(options);
  for (const [i, block] of blocks.entries()) {
    if (i < state.blocks.length) continue;
    const turn = new BlockTurn(options, images, block, { turn: i + 1, blocks: blocks.length });
    state = await turn.run(state);
    if (saved) await saveCascade(saved.path, state, saved.identity);
    options.onBlock?.(state.blocks.at(-1)!);
  }
  return { model: state.model, weights: state.weights, blocks: state.blocks };
}

/** A cascade that was saved. @throws KcrError `STATE_DAMAGED` where it was over other blocks */
async function resumed(
  { path, identity }: { path: string; identity: RunIdentity },
  options: CascadeOptions,
  blocks: readonly Block[],
): Promise<CascadeState> {
  const state = await loadCascade(path, options, identity);
  const other = state.blocks.find(({ block }, i) => block !== blocks[i]?.name);
  if (other) throw stateDamaged(path, `a block ${other.block} that has no turn there`);
  return state;
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

function samples({ data, seed, ...sizes }: CascadeOptions): CascadeImages {
  const generator = new Generator(seed).fork('cascade');
  const draw = (name: string, n: number) =>
    subset(data, balancedSample(data, n, generator.fork(name)));
  return {
    calibration: draw('calibration', sizes.calibrationImages ?? 5000),
    scoring: draw('scoring', sizes.scoringImages ?? 2000),
  };
}
