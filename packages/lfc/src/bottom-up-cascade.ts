import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Block,
  balancedSample,
  blocksOf,
  checkDataset,
  Generator,
  KcrError,
  subset,
} from '@kcr/core';
import { BlockTurn, type CascadeImages } from './block-turn.ts';
import type { CascadeOptions, CascadeResult } from './cascade-options.ts';
import { type CascadeState, imageTokens, loadCascade, saveCascade } from './cascade-state.ts';

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
 * @throws KcrError `OPTION`, `DATASET_*`, `DIM_ROLES`, `CASCADE_TOKENS`, `TOKENS_*`, `RESUME_MISMATCH`
 */
export async function bottomUpCascade(options: CascadeOptions): Promise<CascadeResult> {
  checkOptions(options);
  checkDataset(options.model, options.data, 'training images');
  const { model, weights, directory } = options;
  const blocks = turns(options);
  const path = directory && join(directory, FILE);
  if (options.tokenSelector) imageTokens(model);
  const start: CascadeState = { model, weights, counts: [], blocks: [] };
  let state = path && existsSync(path) ? await loadCascade(path, options) : start;
  const images = samples(options);
  for (const [i, block] of blocks.entries()) {
    if (i < state.blocks.length) continue;
    const turn = new BlockTurn(options, images, block, { turn: i + 1, blocks: blocks.length });
    state = await turn.run(state);
    if (path) await saveCascade(path, state, options);
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

function samples({ data, seed, ...sizes }: CascadeOptions): CascadeImages {
  const generator = new Generator(seed).fork('cascade');
  const draw = (name: string, n: number) =>
    subset(data, balancedSample(data, n, generator.fork(name)));
  return {
    calibration: draw('calibration', sizes.calibrationImages ?? 5000),
    scoring: draw('scoring', sizes.scoringImages ?? 2000),
  };
}
