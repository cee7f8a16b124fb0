import {
  Generator,
  type Kept,
  type Model,
  type PrunedModel,
  type Scores,
  search,
  selectCounts,
} from '@kcr/core';
import { taylor } from '@kcr/criteria';
import { gumbelMasks } from '@kcr/masks';
import type { Backbone } from '../backbones.ts';
import { bestWithin, macsAt, prunedTo, scoresOf } from '../channels.ts';
import type { Claim, Unit } from '../claim.ts';
import { comparisonTable } from '../comparison-table.ts';
import { EPOCHS, type Lab } from '../lab.ts';
import type { Outcome, Raw } from '../raw.ts';

/** Of the dimensions that are searched. */
const ROLES = ['io'];

/** Shares of the channels that are kept. */
const LEVELS = [0.75, 0.5, 0.3];

/** Ways to choose as many channels. */
const CHOICES = ['searched', 'random', 'worst', 'uniform', 'taylor'] as const;
type Choice = (typeof CHOICES)[number];

/** Those that are also trained from scratch: their order cannot matter there, their counts can. */
const FROM_SCRATCH: readonly Choice[] = ['searched', 'random', 'uniform'];
const SCRATCH_LEVEL = 0.5;

const TUNING = { epochs: 4, lr: 3e-4 };
const SEARCH = { epochs: 12, lr: 5e-2, minLr: 1e-2 };

/** A search on the frozen weights of a dense model, for a budget that it meets by dual ascent. */
async function searched(lab: Lab, dense: PrunedModel, level: number, seed: number) {
  const share = macsAt(dense.model, ROLES, level);
  const masks = gumbelMasks({
    dims: ROLES,
    lambda: 'dual',
    budget: share,
    temperature: { start: 1, end: 0.3 },
  });
  const { train } = await lab.data(dense.model);
  const { kept, history, snapshots } = await lab.withEngine((engine) =>
    search({
      model: dense.model,
      engine,
      train,
      epochs: SEARCH.epochs,
      batchSize: 50,
      seed,
      optimizer: { lr: 0 },
      architectureOptimizer: { lr: SEARCH.lr, minLr: SEARCH.minLr },
      freezeWeights: true,
      initial: dense.weights,
      plugins: [masks],
      onWarning: (message) => process.stderr.write(`${message}\n`),
    }),
  );
  const alphas = new Map(
    Object.entries(snapshots).map(([name, { shape, data }]) => [
      name.slice(masks.name.length + 1),
      Float32Array.from(data.subarray(data.length - shape[1]!)),
    ]),
  );
  const { macsRatio: decided, lambda } = history.at(-1)!;
  return { kept, alphas, share, decided: decided!, lambda: lambda! };
}

const countsOf = (kept: Kept) => (name: string) => kept[name]?.length ?? 0;

/** Channels by other scores, as many as were chosen. */
const asMany = (model: Model, kept: Kept, scores: Scores): Kept =>
  selectCounts(model, scores, ({ name }) => countsOf(kept)(name));

const mapScores = (scores: Scores, of: (value: number) => number): Scores =>
  new Map([...scores].map(([name, own]) => [name, Float64Array.from(own, of)]));

const unitName = (backbone: Backbone, level: number) => `${backbone} ${100 * level} %`;

/** All choices of a backbone at a level. */
const unit = (backbone: Backbone, level: number): Unit => ({
  name: unitName(backbone, level),
  async run(lab, seed): Promise<Outcome> {
    const dense = await lab.dense(backbone, seed);
    const { model } = dense;
    const found = await searched(lab, dense, level, seed);
    const { alphas, share } = found;
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
        await scoresOf(lab, dense, { criterion: taylor({}), roles: ROLES, seed }),
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

/** What the searched channels are compared with, for one backbone. */
export const selectionClaim = (backbone: Backbone, seeds: number): Claim => ({
  name: `selection-${backbone}`,
  title: `Searched channels against others, ${backbone}`,
  claim:
    'A search with Gumbel masks finds the channels to keep (KCR 3.1, DCS 3.2): a network of these is better than one of as many others.',
  experiment: `Masks over the io dimensions, searched on the frozen weights of a dense model in ${SEARCH.epochs} epochs, lambda by dual ascent to the MACs of ${LEVELS.map((level) => `${100 * level} %`).join(', ')} of the channels. Beside them: channels drawn at random, those with the lowest alphas (both as many of each dimension), the best of each dimension with equal shares, and Taylor's within the same MACs. Fine-tuned for ${TUNING.epochs} epochs from the inherited weights; at ${100 * SCRATCH_LEVEL} % also trained from scratch for ${EPOCHS} epochs.`,
  seeds,
  units: LEVELS.map((level) => unit(backbone, level)),
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
      return { level, ...comparisonTable(outcomes, rows, images) };
    });
    const text = parts
      .map(({ level, markdown }) => `At ${100 * level} % of the channels:\n\n${markdown}`)
      .join('\n\n');
    const against = (stage: string) =>
      parts.map(({ level, comparisons }) => {
        const found = comparisons.find(({ second }) => second === `random, ${stage}`);
        return found ? `${found.verdict} at ${100 * level} %` : '';
      });
    const verdict = ['pruned', 'fine-tuned']
      .map(
        (stage) =>
          `Against random channels, ${stage}: ${against(stage).filter(Boolean).join('; ')}.`,
      )
      .join(' ');
    return { text, verdict };
  },
});
