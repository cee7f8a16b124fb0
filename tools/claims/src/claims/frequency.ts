import { countBits } from '../bits.ts';
import type { Claim } from '../claim.ts';
import { comparisonTable } from '../comparison-table.ts';
import { corruptions } from '../corruptions.ts';
import type { Outcome, Raw } from '../raw.ts';
import { verdictOf, verdictOfPair } from '../verdict.ts';
import {
  at,
  BASELINES,
  correlation,
  corruption,
  FEW,
  LEVELS,
  LEVELS_UNIT,
  levels,
  MISLED,
  type Name,
  NOISY_LEVEL,
  OTHER_UNIT,
  OTHERS,
  otherImages,
  ROLES,
  STEP,
  type Strength,
  scoredAt,
  TRIED,
  testedAt,
} from './frequency-units.ts';

const outcomesOf = (raw: Raw, unit: string): Outcome[] => Object.values(raw.outcomes[unit] ?? {});

const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

/** How many points more or less a model has right than another, for each seed the mean over strengths. */
const differences = (
  outcomes: readonly Outcome[],
  strengths: readonly Strength[],
  images: number,
  of: (count: (name: string) => number, strength: Strength) => number,
): number[] =>
  outcomes.map(({ right }) =>
    mean(
      strengths.map(
        (strength) => (100 * of((name) => countBits(right[name] ?? ''), strength)) / images,
      ),
    ),
  );

const grouped = (n: number) => n.toLocaleString('en');

function levelsText(raw: Raw, images: number): string {
  const rows = LEVELS.flatMap((level) =>
    OTHERS.map((other) => ({ first: `LFS, ${at(level)}`, second: `${other}, ${at(level)}` })),
  );
  const { markdown } = comparisonTable(outcomesOf(raw, LEVELS_UNIT), rows, images);
  return `Scored on clean images:\n\n${markdown}`;
}

/** Scores by some images beside those by clean ones. */
function misledText(outcomes: readonly Outcome[], images: number, strengths: readonly Strength[]) {
  const rows = MISLED.flatMap((name) =>
    strengths.map((strength) => ({
      first: scoredAt(name, strength),
      second: scoredAt(name, 'clean'),
    })),
  );
  const correlations = MISLED.map((name) => {
    const values = strengths.map((strength) =>
      mean(outcomes.map(({ numbers }) => numbers[correlation(name, strength)]!)).toFixed(3),
    );
    return `${name} ${values.join(', ')}`;
  });
  return `${comparisonTable(outcomes, rows, images).markdown}

Rank correlations with the clean scores: ${correlations.join('; ')}.`;
}

function corruptionText(raw: Raw, images: number, kind: string): string {
  const { strengths } = corruptions[kind]!;
  const outcomes = outcomesOf(raw, kind);
  const tried = TRIED.filter((name) => name !== 'LFS').flatMap((name) =>
    strengths.map((strength) => ({
      first: testedAt('LFS', strength),
      second: testedAt(name, strength),
    })),
  );
  const few = Math.ceil(images / STEP);
  return `${kind}, scored on such images and tested on clean ones:

${misledText(outcomes, images, strengths)}

${kind}, scored on clean images and tested on ${grouped(few)} such ones:

${comparisonTable(outcomes, tried, few).markdown}`;
}

const otherText = (raw: Raw, images: number): string =>
  `Scored on ${FEW} images of another kind, tested on clean ones:

${misledText(outcomesOf(raw, OTHER_UNIT), images, ['nuclei'])}`;

/** How many points LFS loses less than another criterion when it scores other images than clean ones. */
const lostLess =
  (other: Name) =>
  (right: (name: string) => number, strength: Strength): number => {
    const change = (name: Name) => right(scoredAt(name, strength)) - right(scoredAt(name, 'clean'));
    return change('LFS') - change(other);
  };

function verdict(raw: Raw, images: number): string {
  const kinds = Object.entries(corruptions).filter(([kind]) => outcomesOf(raw, kind).length > 0);
  const better = BASELINES.map((other) => {
    const found = LEVELS.map((level) => {
      const pair = { first: `LFS, ${at(level)}`, second: `${other}, ${at(level)}` };
      return `${verdictOfPair(outcomesOf(raw, LEVELS_UNIT), pair, images)} at ${at(level)}`;
    });
    return `Better channels than by ${other}: ${found.join('; ')}.`;
  });
  const overKinds = (of: Parameters<typeof differences>[3], n: number): string[] =>
    kinds.map(
      ([kind, { strengths }]) =>
        `${kind} ${verdictOf(differences(outcomesOf(raw, kind), strengths, n, of))}`,
    );
  const misled = BASELINES.map((other) => {
    const nuclei = differences(outcomesOf(raw, OTHER_UNIT), ['nuclei'], images, lostLess(other));
    const found = [...overKinds(lostLess(other), images), `other images ${verdictOf(nuclei)}`];
    return `Misled less than ${other}: ${found.join('; ')}.`;
  });
  const few = Math.ceil(images / STEP);
  const tried = overKinds(
    (right, strength) =>
      right(`LFS, tested at ${strength}`) - right(`Taylor, tested at ${strength}`),
    few,
  );
  return `${better.join(' ')} ${misled.join(' ')} Better on noisy images than by Taylor: ${tried.join('; ')}.`;
}

const noises = Object.entries(corruptions).map(
  ([kind, { strengths }]) => `${kind} ${strengths.join(', ')}`,
);

/** Whether scores by low frequencies find better channels, and are misled less by noise. */
export const frequencyClaim: Claim = {
  name: 'frequency',
  title: 'Channels by low-frequency sensitivity, and noise',
  claim:
    'Scores by the low frequencies of images find better channels than those by whole images, and noise does not mislead them; the pruned model is more robust to it (VTC-LFC 1, 3.2, figure 1, table 3).',
  experiment: `A dense vit, pruned in ${ROLES.join(', ')} by one threshold over all scores, to the MACs of ${LEVELS.map(at).join(' and ')} of the channels, not fine-tuned. LFS as published (sigma 0.1, lambda 0.1), the same without the filter (what is left is a sum of squares by whole images), Taylor's scores (NViT), magnitude and random. At ${at(NOISY_LEVEL)} also scored on noisy training images and tested on clean ones, and scored on clean ones and tested on noisy ones, one in ${STEP}: ${noises.join('; ')} (those of CIFAR-10-C). And scored on ${FEW} images of cell nuclei, with the classes that the dense model sees in them, beside as many clean ones. Verdicts on noise are over the mean of the five strengths.`,
  seeds: 10,
  units: [levels, ...Object.keys(corruptions).map(corruption), otherImages],
  finding(raw, images) {
    const texts: readonly (readonly [string, () => string])[] = [
      [LEVELS_UNIT, () => levelsText(raw, images)],
      ...Object.keys(corruptions).map(
        (kind) => [kind, () => corruptionText(raw, images, kind)] as const,
      ),
      [OTHER_UNIT, () => otherText(raw, images)],
    ];
    const parts = texts.flatMap(([unit, text]) =>
      outcomesOf(raw, unit).length > 0 ? [text()] : [],
    );
    return { text: parts.join('\n\n'), verdict: verdict(raw, images) };
  },
};
