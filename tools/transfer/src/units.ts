import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { OnEvent } from '@kcr/pipeline';
import type { Measurement } from '../../experiments/src/measure.ts';
import type { Outcome } from '../../experiments/src/raw.ts';
import {
  type Backbone,
  pretraining,
  type Target,
  targets,
  transfer,
  unitName,
  ways,
} from './plan.ts';
import { type Measured, measured, runStages } from './stages.ts';

/** Folders of images by name, the one that runs are in, and who hears of these. */
export interface Folders {
  /** With `train.tar` and `test.tar`, or with folders `train` and `test`. */
  readonly eurosat: string;
  /** One folder for each class. */
  readonly flowers: string;
  readonly runs: string;
  readonly on?: OnEvent;
}

/** Where a part of EuroSAT lies within its folder. */
export const partOf = ({ eurosat }: Folders, part: 'train' | 'test'): string =>
  existsSync(join(eurosat, `${part}.tar`)) ? `${part}.tar` : part;

/** Pretrains a backbone, once. @returns its checkpoint */
async function pretrained(backbone: Backbone, folders: Folders): Promise<string> {
  const out = join(folders.runs, `pretrained-${backbone}`);
  const recipe = pretraining(backbone, partOf(folders, 'train'));
  await runStages(recipe, { data: folders.eurosat, out, seed: 0, on: folders.on }, 'dense');
  return join(out, 'dense');
}

/** How good and how large the models are that one way gives; and the pretrained one as it is, where the classes are its own. */
async function outcomeOf(
  backbone: Backbone,
  target: Target,
  way: string,
  folders: Folders,
  checkpoint: string,
  seed: number,
): Promise<Outcome> {
  const images = target.from === 'eurosat' ? partOf(folders, 'test') : '.';
  const plan = ways[way]!;
  const { test, dense, compact } = await runStages(
    transfer(backbone, target, images, seed, plan, checkpoint),
    {
      data: folders[target.from],
      out: join(folders.runs, `${backbone}, ${target.name}, ${way}, seed ${seed}`),
      seed,
      on: folders.on,
    },
    plan.compressed ? 'compact' : 'dense',
  );
  const expected = test.classes.length * (target.perClass - target.drawn);
  if (test.length !== expected)
    throw new Error(`${target.name}: ${test.length} images to test on, not ${expected}`);
  const isKnown = plan.scratch === undefined && target.sameClasses;
  const models: Record<string, Measured | undefined> = {
    [way]: dense,
    [`${way}, compressed`]: compact,
    pretrained: isKnown ? await measured(checkpoint, test) : undefined,
  };
  const found = Object.entries(models).flatMap(([name, model]) =>
    model ? [[name, model] as const] : [],
  );
  const sizes = found.flatMap(([name, { macs, params }]) => [
    [`${name}: MACs`, macs],
    [`${name}: parameters`, params],
  ]);
  return {
    numbers: { images: test.length, ...Object.fromEntries(sizes) },
    right: Object.fromEntries(found.map(([name, { right }]) => [name, right])),
  };
}

/** What is measured of a backbone: each target by each way. */
export function units(backbone: Backbone, folders: Folders): Measurement[] {
  let checkpoint: Promise<string> | undefined;
  return targets.flatMap((target) =>
    Object.keys(ways).map((way) => ({
      name: unitName(backbone, target, way),
      async run(seed) {
        checkpoint ??= pretrained(backbone, folders);
        return outcomeOf(backbone, target, way, folders, await checkpoint, seed);
      },
    })),
  );
}
