import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createEagerEngine, Generator } from '@kcr/core';
import { compress, type PruningInput, prune, type RecipeInput } from '@kcr/pipeline';
import sharp from 'sharp';
import { smallModels } from '../../integration/src/helpers.ts';
import { writeCheckpoint } from './targets/checkpoints.ts';

const engine = () => createEagerEngine({ backend: 'cpu' });

const CLASSES = ['class 0', 'class 1', 'class 2', 'class 3'];
const SIDE = 8;

/** Writes images of 8 x 8 pixels in folders of their classes, whose brightness rises. */
async function writeImages(folder: string, ofEach: number): Promise<void> {
  for (const [k, name] of CLASSES.entries()) {
    await mkdir(join(folder, name), { recursive: true });
    for (let i = 0; i < ofEach; i++) {
      const generator = new Generator(1).fork(`${name} ${i}`);
      const length = SIDE * SIDE * 3;
      const pixels = Uint8Array.from({ length }, () => 50 * k + generator.integer(60));
      const raw = { width: SIDE, height: SIDE, channels: 3 as const };
      await sharp(pixels, { raw }).toFile(join(folder, name, `${i}.png`));
    }
  }
}

/** 24 training images, 8 test images and a checkpoint of the smallest ViT, in a folder. */
export async function writeInputs(folder: string): Promise<void> {
  await writeImages(join(folder, 'train'), 6);
  await writeImages(join(folder, 'test'), 2);
  await writeCheckpoint(join(folder, 'dense'), smallModels.vit!());
}

const training = { batchSize: 4, emaDecay: 0.9, optimizer: { lr: 1e-3 } };

/** KCR on the smallest ViT: dense, search, retrain. */
const recipe: RecipeInput = {
  name: 'kcr-smallest',
  model: {
    name: 'vit_tiny_patch16_224',
    config: { img_size: SIDE, patch_size: 4, embed_dim: 8, depth: 2, num_heads: 2, num_classes: 4 },
  },
  data: { augment: ['horizontalFlip'] },
  dense: { ...training, epochs: 3 },
  search: {
    ...training,
    epochs: 3,
    plugins: [{ use: '@kcr/masks#gumbelMasks', options: { dims: ['io'], lambda: 0.2 } }],
  },
  retrain: {
    ...training,
    epochs: 3,
    plugins: [{ use: '@kcr/nystrom#kcrNystrom', options: { eta: 1, gamma: 0.2, landmarks: 8 } }],
  },
};

const cascade: PruningInput = {
  method: 'bottom-up-cascade',
  epsilon: 60,
  rho: 0.5,
  tokenSelector: { use: '@kcr/lfc#lfe' },
  batchSize: 8,
};

/** Runs that go on where they were stopped, from the inputs of {@link writeInputs} into a folder. */
export const stages = {
  compress: (inputs: string, out: string): Promise<unknown> =>
    compress(recipe, { data: inputs, out, engine }),
  cascade: (inputs: string, out: string): Promise<unknown> =>
    prune(join(inputs, 'dense'), { data: join(inputs, 'train'), out, pruning: cascade, engine }),
} as const;

export type StageName = keyof typeof stages;
