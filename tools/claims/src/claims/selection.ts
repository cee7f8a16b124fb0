import { Generator, type Kept, type Model, type Scores, selectCounts } from '@kcr/core';
import { taylor } from '@kcr/criteria';
import { compare, comparisonTable, points } from '../../../experiments/src/comparison-table.ts';
import type { Outcome, Raw } from '../../../experiments/src/raw.ts';
import type { Backbone } from '../backbones.ts';
import { bestWithin, macsAt, prunedTo, scoresOf } from '../channels.ts';
import type { Claim, Unit } from '../claim.ts';
import { EPOCHS } from '../lab.ts';
import { SEARCH_EPOCHS, searched } from '../searched.ts';
import { type Statement, verdictOfComparison } from '../verdict.ts';

/** Shares of the channels that are kept. */
const LEVELS = [0.75, 0.5, 0.3];

/** Ways to choose as many channels. */
const CHOICES = ['searched', 'random', 'worst', 'uniform', 'taylor'] as const;
type Choice = (typeof CHOICES)[number];

/** Those that are also trained from scratch: their order cannot matter there, their counts can. */
const FROM_SCRATCH: readonly Choice[] = ['searched', 'random', 'uniform'];
const SCRATCH_LEVEL = 0.5;

const TUNING = { epochs: 4, lr: 3e-4 };

const countsOf = (kept: Kept) => (name: string) => kept[name]?.length ?? 0;

/** Channels by other scores, as many as were chosen. */
const asMany = (model: Model, kept: Kept, scores: Scores): Kept =>
  selectCounts(model, scores, ({ name }) => countsOf(kept)(name));

const mapScores = (scores: Scores, of: (value: number) => number): Scores =>
  new Map([...scores].map(([name, own]) => [name, Float64Array.from(own, of)]));

/** What is searched. */
interface Selection {
  readonly backbone: Backbone;
  /** Of the dimensions that have masks. Default: the channels that MLPs read and write, as in KCR. */
  readonly roles?: readonly string[];
  readonly seeds: number;
}

const unitName = (backbone: Backbone, level: number) => `${backbone} ${100 * level} %`;

/** All choices of a backbone's channels at a level. */
const unit = (backbone: Backbone, roles: readonly string[], level: number): Unit => ({
  name: unitName(backbone, level),
  async run(lab, seed): Promise<Outcome> {
    const dense = await lab.dense(backbone, seed);
    const { model } = dense;
    const share = macsAt(model, roles, level);
    const found = await searched(lab, dense, { roles, share, seed });
    const { alphas } = found;
    const generator = new Generator(seed).fork(`random ${level}`);
    const chosen: Record<Choice, Kept> = {
      searched: found.kept,
      random: asMany(
        model,
        found.kept,
        mapScores(alphas, () => generator.uniform()),
      ),
      worst: asMany(
        model,
        found.kept,
        mapScores(alphas, (alpha) => -alpha),
      ),
      uniform: selectCounts(model, alphas, ({ size }) => level * size),
      taylor: await bestWithin(
        model,
        await scoresOf(lab, dense, { criterion: taylor({}), roles, seed }),
        share,
      ),
    };
    const right: Record<string, string> = { dense: await lab.right(dense) };
    const numbers: Record<string, number> = { decided: found.decided, lambda: found.lambda };
    for (const choice of CHOICES) {
      const pruned = prunedTo(dense, chosen[choice]);
      const compact = pruned.model;
      right[`${choice}, pruned`] = await lab.right(pruned);
      const tuned = await lab.trained(compact, { ...TUNING, seed, initial: pruned.weights });
      right[`${choice}, fine-tuned`] = await lab.right(tuned);
      numbers[`${choice}, macs`] = compact.macs.total / model.macs.total;
      if (level === SCRATCH_LEVEL && FROM_SCRATCH.includes(choice)) {
        const scratch = await lab.trained(compact, { epochs: EPOCHS, seed, warmupEpochs: 2 });
        right[`${choice}, from scratch`] = await lab.right(scratch);
      }
    }
    return { numbers, right };
  },
});

const IO: readonly string[] = ['io'];

/** What the searched channels are compared with, for one backbone and some of its dimensions. */
export const selectionClaim = ({ backbone, roles = IO, seeds }: Selection): Claim => ({
  name: ['selection', backbone, ...roles.filter((role) => !IO.includes(role))].join('-'),
  title: `Searched channels against others, ${backbone}${roles === IO ? '' : `, ${roles.join(' and ')}`}`,
  claim:
    'A search with Gumbel masks finds the channels to keep (KCR 3.1, DCS 3.2): a network of these is better than one of as many others.',
  experiment: `Masks over the dimensions ${roles.join(' and ')}, searched on the frozen weights of a dense model in ${SEARCH_EPOCHS} epochs, lambda by dual ascent to the MACs of ${LEVELS.map((level) => `${100 * level} %`).join(', ')} of the channels. Beside them: channels drawn at random, those with the lowest alphas (both as many of each dimension), the best of each dimension with equal shares, and Taylor's within the same MACs. Fine-tuned for ${TUNING.epochs} epochs from the inherited weights; at ${100 * SCRATCH_LEVEL} % also trained from scratch for ${EPOCHS} epochs.`,
  seeds,
  units: LEVELS.map((level) => unit(backbone, roles, level)),
  finding(raw: Raw, images) {
    const parts = LEVELS.map((level) => {
      const outcomes = Object.values(raw.outcomes[unitName(backbone, level)] ?? {});
      const stages = ['pruned', 'fine-tuned', ...(level === SCRATCH_LEVEL ? ['from scratch'] : [])];
      const rows = stages.flatMap((stage) =>
        CHOICES.filter((choice) => choice !== 'searched').flatMap((choice) =>
          outcomes.some(({ right }) => right[`${choice}, ${stage}`])
            ? [{ first: `searched, ${stage}`, second: `${choice}, ${stage}` }]
            : [],
        ),
      );
      return { level, outcomes, ...comparisonTable(outcomes, rows, images) };
    });
    const text = parts
      .map(({ level, comparisons, markdown }) =>
        comparisons.length > 0
          ? `At ${100 * level} % of the channels:\n\n${markdown}`
          : `At ${100 * level} % of the channels: not measured yet.`,
      )
      .join('\n\n');
    const against = (stage: string): Statement[] =>
      parts.flatMap(({ level, comparisons }) =>
        comparisons
          .filter(({ second }) => second === `random, ${stage}`)
          .map((comparison) => ({
            of: `searched better than random, ${stage}`,
            at: `${100 * level} % of the channels`,
            verdict: verdictOfComparison(comparison),
          })),
      );
    const statements = ['pruned', 'fine-tuned', 'from scratch'].flatMap(against);
    const lost = parts.flatMap(({ level, outcomes }) => {
      if (outcomes.length === 0) return [];
      const pair = { first: 'dense', second: 'random, pruned' };
      const { difference } = compare(outcomes, images, pair);
      return [`${points(difference.mean)} at ${100 * level} %`];
    });
    const note = `Before training on, no choice can win much more over random channels than these lose of the dense model's accuracy: ${lost.join(', ')}.`;
    return { text, statements, note };
  },
});
