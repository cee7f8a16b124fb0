import {
  type Criterion,
  type Dataset,
  type PrunedModel,
  plainPreprocessing,
  type Scores,
} from '@kcr/core';
import { magnitude, random, taylor } from '@kcr/criteria';
import { type ImageSource, imageDataset } from '@kcr/data';
import { lfs } from '@kcr/lfc';
import type { Outcome } from '../../../experiments/src/raw.ts';
import { rankCorrelation } from '../../../experiments/src/statistics.ts';
import { bestWithin, macsAt, prunedTo, scoresOf } from '../channels.ts';
import type { Unit } from '../claim.ts';
import { corrupted, corruptions, everyNth } from '../corruptions.ts';
import type { Lab } from '../lab.ts';
import { nuclei } from '../nuclei.ts';

/** What the paper prunes: q and k, v, and the hidden neurons. */
export const ROLES = ['qk', 'v', 'hidden'];

/** Shares of the channels whose MACs are kept. */
export const LEVELS = [0.75, 0.5, 0.3];

/** At which scores by noisy images and noisy test images are tried. */
export const NOISY_LEVELS = [0.5, 0.3];

/** Ways to choose channels. The second is the first without its filter: what is left is Taylor's sum of squares. */
const CRITERIA = {
  LFS: lfs({}),
  'LFS unfiltered': lfs({ sigma: 1e3 }),
  Taylor: taylor({}),
  magnitude: magnitude({}),
  random: random({}),
} satisfies Record<string, Criterion>;
export type Name = keyof typeof CRITERIA;
const NAMES = Object.keys(CRITERIA) as Name[];
export const OTHERS = NAMES.filter((name) => name !== 'LFS');

/** What low frequencies should be better than: NViT's scores, and the same scores without the filter. */
export const BASELINES: readonly Name[] = ['Taylor', 'LFS unfiltered'];

/** Those that are computed on noisy images. */
export const MISLED: readonly Name[] = ['LFS', ...BASELINES];

/** Those whose models are tried on noisy images. */
export const TRIED: readonly Name[] = ['LFS', 'Taylor', 'magnitude'];

/** One in so many test images is corrupted. */
export const STEP = 5;

/** So many images are enough for scores to compare images of another kind with. */
export const FEW = 250;

export const LEVELS_UNIT = 'levels';
export const OTHER_UNIT = 'other images';

export const at = (level: number) => `${100 * level} %`;

/** Scores of a dense model, and how it is pruned by them. */
function pruning(lab: Lab, dense: PrunedModel, seed: number) {
  return {
    scores: (name: Name, data?: Dataset) =>
      scoresOf(lab, dense, { criterion: CRITERIA[name], roles: ROLES, seed, data }),
    within: async (scores: Scores, level: number) =>
      prunedTo(dense, await bestWithin(dense.model, scores, macsAt(dense.model, ROLES, level))),
  };
}

/** All criteria on clean images. */
export const levels: Unit = {
  name: LEVELS_UNIT,
  async run(lab, seed): Promise<Outcome> {
    const dense = await lab.dense('vit', seed);
    const { scores, within } = pruning(lab, dense, seed);
    const right: Record<string, string> = { dense: await lab.right(dense) };
    const numbers: Record<string, number> = {};
    for (const name of NAMES) {
      const own = await scores(name);
      for (const level of LEVELS) {
        const pruned = await within(own, level);
        right[`${name}, ${at(level)}`] = await lab.right(pruned);
        numbers[`${name}, ${at(level)}, macs`] = pruned.model.macs.total / dense.model.macs.total;
      }
    }
    return { numbers, right };
  },
};

const inOrder = (scores: Scores): number[] =>
  [...scores.values()].flatMap((own) => Array.from(own));

/** Of the images that scores are by, or that a model is tested on. */
export type Strength = number | 'clean' | 'nuclei';

export const scoredAt = (name: Name, strength: Strength, level: number) =>
  `${name}, scored at ${strength}, ${at(level)}`;
export const testedAt = (name: Name, strength: Strength, level: number) =>
  `${name}, tested at ${strength}, ${at(level)}`;
export const correlation = (name: Name, strength: Strength) =>
  `${name}, rank correlation at ${strength}`;

/** Scores by images with one corruption, and images with it for models of clean scores. */
export const corruption = (kind: string): Unit => ({
  name: kind,
  async run(lab, seed): Promise<Outcome> {
    const dense = await lab.dense('vit', seed);
    const sources = await lab.sources(dense.model);
    const { test } = await lab.data(dense.model);
    const { scores, within } = pruning(lab, dense, seed);
    const { strengths, of } = corruptions[kind]!;
    const noisy = async (source: ImageSource, strength: number) =>
      imageDataset(await corrupted(source, of(strength), seed), {
        normalization: test.input ?? plainPreprocessing(test.shape),
      });
    const right: Record<string, string> = {};
    const numbers: Record<string, number> = {};
    const few = everyNth(sources.test, STEP);
    const tests = await Promise.all(strengths.map((strength) => noisy(few, strength)));
    const trains = await Promise.all(strengths.map((strength) => noisy(sources.train, strength)));
    for (const name of new Set([...MISLED, ...TRIED])) {
      const clean = await scores(name);
      for (const level of NOISY_LEVELS) {
        const pruned = await within(clean, level);
        right[scoredAt(name, 'clean', level)] = await lab.right(pruned);
        for (const [i, strength] of strengths.entries())
          if (TRIED.includes(name))
            right[testedAt(name, strength, level)] = await lab.right(pruned, tests[i]);
      }
      for (const [i, strength] of strengths.entries()) {
        if (!MISLED.includes(name)) continue;
        const misled = await scores(name, trains[i]);
        numbers[correlation(name, strength)] = rankCorrelation(inOrder(clean), inOrder(misled));
        for (const level of NOISY_LEVELS)
          right[scoredAt(name, strength, level)] = await lab.right(await within(misled, level));
      }
    }
    return { numbers, right };
  },
});

/** Scores by images of another kind, which have the classes that the dense model sees in them. */
export const otherImages: Unit = {
  name: OTHER_UNIT,
  async run(lab, seed): Promise<Outcome> {
    const dense = await lab.dense('vit', seed);
    const sources = await lab.sources(dense.model);
    const { test } = await lab.data(dense.model);
    const { scores, within } = pruning(lab, dense, seed);
    const input = test.input ?? plainPreprocessing(test.shape);
    const known = (labels: Int32Array) => nuclei(input, test.classes, labels);
    const dataset = (source: ImageSource) => imageDataset(source, { normalization: input });
    const seen = await lab.predicted(dense, dataset(await known(new Int32Array(FEW))));
    const step = Math.ceil(sources.train.labels.length / FEW);
    const images = {
      clean: dataset(everyNth(sources.train, step)),
      nuclei: dataset(await known(seen)),
    };
    const right: Record<string, string> = {};
    const numbers: Record<string, number> = {};
    for (const name of MISLED) {
      const own = {
        clean: await scores(name, images.clean),
        nuclei: await scores(name, images.nuclei),
      };
      numbers[correlation(name, 'nuclei')] = rankCorrelation(
        inOrder(own.clean),
        inOrder(own.nuclei),
      );
      for (const by of ['clean', 'nuclei'] as const)
        for (const level of NOISY_LEVELS)
          right[scoredAt(name, by, level)] = await lab.right(await within(own[by], level));
    }
    return { numbers, right };
  },
};
