import { type Criterion, type Dataset, type PrunedModel, plainPreprocessing } from '@kcr/core';
import { magnitude, random, taylor } from '@kcr/criteria';
import { type ImageSource, imageDataset } from '@kcr/data';
import { lfs } from '@kcr/lfc';
import { countBits } from '../bits.ts';
import { bestWithin, macsAt, prunedTo, scoresOf } from '../channels.ts';
import type { Claim, Unit } from '../claim.ts';
import { comparisonTable } from '../comparison-table.ts';
import { corrupted, corruptions, everyNth } from '../corruptions.ts';
import type { Lab } from '../lab.ts';
import type { Outcome, Raw } from '../raw.ts';
import { rankCorrelation } from '../statistics.ts';
import { verdictOf, verdictOfPair } from '../verdict.ts';

/** What the paper prunes: q and k, v, and the hidden neurons. */
const ROLES = ['qk', 'v', 'hidden'];

/** Shares of the channels whose MACs are kept. */
const LEVELS = [0.75, 0.5];

/** At which scores are misled. */
const NOISY_LEVEL = 0.5;

/** Ways to choose channels. The second is the first without its filter: what is left is Taylor's sum of squares. */
const CRITERIA = {
  LFS: lfs({}),
  'LFS unfiltered': lfs({ sigma: 1e3 }),
  Taylor: taylor({}),
  magnitude: magnitude({}),
  random: random({}),
} satisfies Record<string, Criterion>;
type Name = keyof typeof CRITERIA;
const NAMES = Object.keys(CRITERIA) as Name[];
const OTHERS = NAMES.filter((name) => name !== 'LFS');

/** Those that are computed on noisy images. */
const MISLED: readonly Name[] = ['LFS', 'LFS unfiltered', 'Taylor'];

/** Those whose models are tried on noisy images. */
const TRIED: readonly Name[] = ['LFS', 'Taylor', 'magnitude'];

/** One in so many test images is corrupted. */
const STEP = 5;

const LEVELS_UNIT = 'levels';

const at = (level: number) => `${100 * level} %`;

/** Scores of a dense model, and how it is pruned by them. */
function pruning(lab: Lab, dense: PrunedModel, seed: number) {
  return {
    scores: (name: Name, data?: Dataset) =>
      scoresOf(lab, dense, { criterion: CRITERIA[name], roles: ROLES, seed, data }),
    within: async (scores: Awaited<ReturnType<typeof scoresOf>>, level: number) =>
      prunedTo(dense, await bestWithin(dense.model, scores, macsAt(dense.model, ROLES, level))),
  };
}

/** All criteria on clean images. */
const levels: Unit = {
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

const inOrder = (scores: Awaited<ReturnType<typeof scoresOf>>): number[] =>
  [...scores.values()].flatMap((own) => Array.from(own));

const scoredAt = (name: Name, strength: number | 'clean') => `${name}, scored at ${strength}`;
const testedAt = (name: Name, strength: number) => `${name}, tested at ${strength}`;
const correlation = (name: Name, strength: number) => `${name}, rank correlation at ${strength}`;

/** Scores by images with one corruption, and images with it for models of clean scores. */
const corruption = (kind: string): Unit => ({
  name: kind,
  async run(lab, seed): Promise<Outcome> {
    const dense = await lab.dense('vit', seed);
    const { sources, test } = await lab.data(dense.model);
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
      const pruned = await within(clean, NOISY_LEVEL);
      right[scoredAt(name, 'clean')] = await lab.right(pruned);
      for (const [i, strength] of strengths.entries()) {
        if (TRIED.includes(name))
          right[testedAt(name, strength)] = await lab.right(pruned, tests[i]);
        if (!MISLED.includes(name)) continue;
        const misled = await scores(name, trains[i]);
        right[scoredAt(name, strength)] = await lab.right(await within(misled, NOISY_LEVEL));
        numbers[correlation(name, strength)] = rankCorrelation(inOrder(clean), inOrder(misled));
      }
    }
    return { numbers, right };
  },
});

const outcomesOf = (raw: Raw, unit: string): Outcome[] => Object.values(raw.outcomes[unit] ?? {});

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** How many points more or less a model has right than another, for each seed the mean over strengths. */
const differences = (
  outcomes: readonly Outcome[],
  strengths: readonly number[],
  images: number,
  of: (count: (name: string) => number, strength: number) => number,
): number[] =>
  outcomes.map(({ right }) =>
    mean(
      strengths.map(
        (strength) => (100 * of((name) => countBits(right[name] ?? ''), strength)) / images,
      ),
    ),
  );

function levelsText(raw: Raw, images: number) {
  const rows = LEVELS.flatMap((level) =>
    OTHERS.map((other) => ({ first: `LFS, ${at(level)}`, second: `${other}, ${at(level)}` })),
  );
  const outcomes = outcomesOf(raw, LEVELS_UNIT);
  return `Scored on clean images:\n\n${comparisonTable(outcomes, rows, images).markdown}`;
}

function corruptionText(raw: Raw, images: number, kind: string): string {
  const { strengths } = corruptions[kind]!;
  const outcomes = outcomesOf(raw, kind);
  const misled = MISLED.flatMap((name) =>
    strengths.map((strength) => ({
      first: scoredAt(name, strength),
      second: scoredAt(name, 'clean'),
    })),
  );
  const tried = TRIED.filter((name) => name !== 'LFS').flatMap((name) =>
    strengths.map((strength) => ({
      first: testedAt('LFS', strength),
      second: testedAt(name, strength),
    })),
  );
  const correlations = MISLED.map((name) => {
    const values = strengths.map((strength) =>
      mean(outcomes.map(({ numbers }) => numbers[correlation(name, strength)]!)).toFixed(3),
    );
    return `${name} ${values.join(', ')}`;
  });
  const few = Math.ceil(images / STEP);
  return `### ${kind}

Scored on noisy images, tested on clean ones:

${comparisonTable(outcomes, misled, images).markdown}

Rank correlations with the clean scores: ${correlations.join('; ')}.

Scored on clean images, tested on ${few.toLocaleString('en')} noisy ones:

${comparisonTable(outcomes, tried, few).markdown}`;
}

function verdict(raw: Raw, images: number): string {
  const kinds = Object.entries(corruptions);
  const better = (['Taylor', 'LFS unfiltered'] as const).map((other) => {
    const found = LEVELS.map((level) => {
      const pair = { first: `LFS, ${at(level)}`, second: `${other}, ${at(level)}` };
      return `${verdictOfPair(outcomesOf(raw, LEVELS_UNIT), pair, images)} at ${at(level)}`;
    });
    return `Better channels than by ${other}: ${found.join('; ')}.`;
  });
  const over = (of: Parameters<typeof differences>[3], n: number) =>
    kinds
      .map(
        ([kind, { strengths }]) =>
          `${kind} ${verdictOf(differences(outcomesOf(raw, kind), strengths, n, of))}`,
      )
      .join('; ');
  const misled = over((right, strength) => {
    const drop = (name: Name) => right(scoredAt(name, strength)) - right(scoredAt(name, 'clean'));
    return drop('LFS') - drop('Taylor');
  }, images);
  const tried = over(
    (right, strength) => right(testedAt('LFS', strength)) - right(testedAt('Taylor', strength)),
    Math.ceil(images / STEP),
  );
  return `${better.join(' ')} Less misled by noisy images than Taylor's scores: ${misled}. Better on noisy images than by Taylor's scores: ${tried}.`;
}

/** Whether scores by low frequencies find better channels, and are misled less by noise. */
export const frequencyClaim: Claim = {
  name: 'frequency',
  title: 'Channels by low-frequency sensitivity, and noise',
  claim:
    'Scores by the low frequencies of images find better channels than those by whole images, and noise does not mislead them; the pruned model is more robust to it (VTC-LFC 1, 3.2, figure 1, table 3).',
  experiment: `A dense vit, pruned in ${ROLES.join(', ')} by one threshold over all scores, to the MACs of ${LEVELS.map(at).join(' and ')} of the channels, not fine-tuned. LFS as published (sigma 0.1, lambda 0.1), the same without the filter, Taylor's (NViT), magnitude and random. At ${at(NOISY_LEVEL)}: scored on training images with noise, and scored on clean ones and tested on noisy ones, one in ${STEP}; ${Object.entries(
    corruptions,
  )
    .map(([kind, { strengths }]) => `${kind} ${strengths.join(', ')}`)
    .join('; ')} (those of CIFAR-10-C). Verdicts on noise are over the mean of the five strengths.`,
  seeds: 10,
  units: [levels, ...Object.keys(corruptions).map(corruption)],
  finding: (raw, images) => ({
    text: [
      levelsText(raw, images),
      ...Object.keys(corruptions).map((kind) => corruptionText(raw, images, kind)),
    ].join('\n\n'),
    verdict: verdict(raw, images),
  }),
};
