import { countBits } from '../../../experiments/src/bits.ts';
import { comparisonTable } from '../../../experiments/src/comparison-table.ts';
import type { Outcome, Raw } from '../../../experiments/src/raw.ts';
import type { Claim } from '../claim.ts';
import { corruptions } from '../corruptions.ts';
import { type Statement, verdictOf, verdictOfPair } from '../verdict.ts';
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
  NOISY_LEVELS,
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

/** Scores by some images, the last of them, beside those by clean ones. */
function misledText(outcomes: readonly Outcome[], images: number, strengths: readonly Strength[]) {
  const rows = NOISY_LEVELS.flatMap((level) =>
    MISLED.map((name) => ({
      first: scoredAt(name, strengths.at(-1) ?? 'clean', level),
      second: scoredAt(name, 'clean', level),
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
  const strongest = strengths.at(-1) ?? 'clean';
  const tried = NOISY_LEVELS.flatMap((level) =>
    TRIED.filter((name) => name !== 'LFS').map((name) => ({
      first: testedAt('LFS', strongest, level),
      second: testedAt(name, strongest, level),
    })),
  );
  const few = Math.ceil(images / STEP);
  return `${kind}, the strongest: scored on such images and tested on clean ones:

${misledText(outcomes, images, strengths)}

${kind}, the strongest: scored on clean images and tested on ${grouped(few)} such ones:

${comparisonTable(outcomes, tried, few).markdown}`;
}

const otherText = (raw: Raw, images: number): string =>
  `Scored on ${FEW} images of another kind, tested on clean ones:

${misledText(outcomesOf(raw, OTHER_UNIT), images, ['nuclei'])}`;

type Difference = Parameters<typeof differences>[3];

/** How many points LFS loses less than another criterion when it scores other images than clean ones. */
const lostLess =
  (other: Name, level: number): Difference =>
  (right, strength) => {
    const change = (name: Name) =>
      right(scoredAt(name, strength, level)) - right(scoredAt(name, 'clean', level));
    return change('LFS') - change(other);
  };

/** How many points better LFS is on noisy images. */
const steadier =
  (other: Name, level: number): Difference =>
  (right, strength) =>
    right(testedAt('LFS', strength, level)) - right(testedAt(other, strength, level));

function statements(raw: Raw, images: number): Statement[] {
  const better = BASELINES.flatMap((other) =>
    LEVELS.map((level) => {
      const pair = { first: `LFS, ${at(level)}`, second: `${other}, ${at(level)}` };
      const verdict = verdictOfPair(outcomesOf(raw, LEVELS_UNIT), pair, images);
      return { of: `better channels than by ${other}`, at: at(level), verdict };
    }),
  );
  const onImages = (unit: string, strengths: readonly Strength[], of: Difference, n = images) =>
    verdictOf(differences(outcomesOf(raw, unit), strengths, n, of));
  const overKinds = (of: string, level: number, difference: Difference, n = images) =>
    Object.entries(corruptions).map(([kind, { strengths }]) => ({
      of,
      at: `${at(level)}, ${kind}`,
      verdict: onImages(kind, strengths, difference, n),
    }));
  const misled = BASELINES.flatMap((other) =>
    NOISY_LEVELS.flatMap((level) => {
      const [of, less] = [`misled less than ${other}`, lostLess(other, level)];
      const verdict = onImages(OTHER_UNIT, ['nuclei'], less);
      return [...overKinds(of, level, less), { of, at: `${at(level)}, ${OTHER_UNIT}`, verdict }];
    }),
  );
  const few = Math.ceil(images / STEP);
  const noisy = NOISY_LEVELS.flatMap((level) =>
    overKinds('better on noisy images than by Taylor', level, steadier('Taylor', level), few),
  );
  return [...better, ...misled, ...noisy].filter(({ verdict }) => verdict.n > 0);
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
  experiment: `A dense vit, pruned in ${ROLES.join(', ')} by one threshold over all scores, to the MACs of ${LEVELS.map(at).join(', ')} of the channels, not fine-tuned. LFS as published (sigma 0.1, lambda 0.1), the same without the filter (what is left is a sum of squares by whole images), Taylor's scores (NViT), magnitude and random. At ${NOISY_LEVELS.map(at).join(' and ')} also scored on noisy training images and tested on clean ones, and scored on clean ones and tested on noisy ones, one in ${STEP}: ${noises.join('; ')} (those of CIFAR-10-C). And scored on ${FEW} images of cell nuclei, with the classes that the dense model sees in them, beside as many clean ones. Verdicts on noise are over the mean of the five strengths.`,
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
    return { text: parts.join('\n\n'), statements: statements(raw, images) };
  },
};
