import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { OnEvent } from '@kcr/pipeline';
import type { Measurement } from '../../experiments/src/measure.ts';
import type { Outcome } from '../../experiments/src/raw.ts';
import {
  type Backbone,
  LONGER,
  pretraining,
  type Start,
  type Target,
  targets,
  transfer,
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

/**
 * Measures a backbone on a target: from scratch, as long as it is fine-tuned and longer; transferred; and the last two compressed.
 * Where the classes are those of the pretraining, also the pretrained model as it is.
 */
async function transferOutcome(
  backbone: Backbone,
  target: Target,
  folders: Folders,
  seed: number,
): Promise<Outcome> {
  const checkpoint = await pretrained(backbone, folders);
  const images = target.from === 'eurosat' ? partOf(folders, 'test') : '.';
  const place = (name: string) => ({
    data: folders[target.from],
    out: join(folders.runs, `${backbone}, ${target.name}, seed ${seed}, ${name}`),
    seed,
    on: folders.on,
  });
  const recipe = (start: Start) => transfer(backbone, target, images, seed, start);
  const scratch = await runStages(recipe({ longer: 1 }), place('scratch'), 'dense');
  const longer = await runStages(recipe({ longer: LONGER }), place('longer'), 'compact');
  const moved = await runStages(recipe({ pretrained: checkpoint }), place('moved'), 'compact');
  const { test } = moved;
  const expected = test.classes.length * (target.perClass - target.drawn);
  if (test.length !== expected)
    throw new Error(`${target.name}: ${test.length} images to test on, not ${expected}`);
  const models: Record<string, Measured> = {
    scratch: scratch.dense,
    'scratch, longer': longer.dense,
    'scratch, longer, compressed': longer.compact!,
    transferred: moved.dense,
    'transferred, compressed': moved.compact!,
    ...(target.sameClasses ? { pretrained: await measured(checkpoint, test) } : {}),
  };
  const by = <T>(value: (model: Measured) => T) =>
    Object.fromEntries(Object.entries(models).map(([name, model]) => [name, value(model)]));
  const sizes = Object.entries(models).flatMap(([name, { macs, params }]) => [
    [`${name}: MACs`, macs],
    [`${name}: parameters`, params],
  ]);
  return {
    numbers: { images: test.length, ...Object.fromEntries(sizes) },
    right: by(({ right }) => right),
  };
}

/** What is measured of a backbone. */
export const units = (backbone: Backbone, folders: Folders): Measurement[] =>
  targets.map((target) => ({
    name: `${backbone}, ${target.name}`,
    run: (seed) => transferOutcome(backbone, target, folders, seed),
  }));
