import { comparisonTable } from '../../../experiments/src/comparison-table.ts';
import type { Outcome, Raw } from '../../../experiments/src/raw.ts';
import type { Claim, Unit } from '../claim.ts';
import { type TokenMethod, tokenMethods, withTokens } from '../token-methods.ts';
import { type Statement, verdictOfPair } from '../verdict.ts';

/** Shares of the MACs that are kept. */
const SHARES = [0.9, 0.8, 0.7, 0.6, 0.5];

/** At which models are also fine-tuned. */
const TUNED: readonly number[] = [0.7, 0.5];
const TUNING = { epochs: 2, lr: 1e-4 };

const METHODS = Object.keys(tokenMethods) as TokenMethod[];

const percent = (share: number) => `${Math.round(100 * share)} %`;
const stagesAt = (share: number) => ['not tuned', ...(TUNED.includes(share) ? ['fine-tuned'] : [])];

/** All methods at a share of the MACs. */
const unit = (share: number): Unit => ({
  name: percent(share),
  async run(lab, seed): Promise<Outcome> {
    const dense = await lab.dense('vitTokens', seed);
    const right: Record<string, string> = { dense: await lab.right(dense) };
    const numbers: Record<string, number> = {};
    for (const method of METHODS) {
      const model = withTokens(dense.model, method, share, seed);
      numbers[`${method}, macs`] = model.macs.total / dense.model.macs.total;
      right[`${method}, not tuned`] = await lab.right({ model, weights: dense.weights });
      if (!TUNED.includes(share)) continue;
      const tuned = await lab.trained(model, { ...TUNING, seed, initial: dense.weights });
      right[`${method}, fine-tuned`] = await lab.right(tuned);
    }
    return { numbers, right };
  },
});

/** Each method with all after it, at each stage. */
const pairsAt = (share: number) =>
  stagesAt(share).flatMap((stage) =>
    METHODS.flatMap((first, i) =>
      METHODS.slice(i + 1).map((second) => ({
        first: `${first}, ${stage}`,
        second: `${second}, ${stage}`,
      })),
    ),
  );

const outcomesAt = (raw: Raw, share: number): Outcome[] =>
  Object.values(raw.outcomes[percent(share)] ?? {});

const measuredShares = (raw: Raw): number[] =>
  SHARES.filter((share) => outcomesAt(raw, share).length > 0);

/** What became of LFE beside another method, at each stage and share. */
const statementsAgainst = (raw: Raw, images: number, other: TokenMethod): Statement[] =>
  measuredShares(raw).flatMap((share) =>
    stagesAt(share).map((stage) => {
      const pair = { first: `LFE, ${stage}`, second: `${other}, ${stage}` };
      return {
        of: `LFE better than ${other}`,
        at: `${percent(share)}, ${stage}`,
        verdict: verdictOfPair(outcomesAt(raw, share), pair, images),
      };
    }),
  );

/** Whether low-frequency energy finds the tokens that matter. */
export const tokensClaim: Claim = {
  name: 'tokens',
  title: 'Tokens by low-frequency energy',
  claim:
    'Tokens chosen by their low-frequency energy times the attention that they receive lose less accuracy than those chosen by attention alone (VTC-LFC 3.3, table 3, figure 4b).',
  experiment: `A dense vit of 64 tokens. LFE (the paper's equations, sigma 0.85), EViT (fused), ToMe and random tokens keep the same share of the tokens in each of the first three of four blocks, found for each method so that the MACs with what it computes itself are within 1 % of ${SHARES.map(percent).join(', ')}. Not fine-tuned, and at ${TUNED.map(percent).join(' and ')} after ${TUNING.epochs} epochs too.`,
  seeds: 5,
  units: SHARES.map(unit),
  finding(raw, images) {
    const tables = measuredShares(raw).map((share) => {
      const { markdown } = comparisonTable(outcomesAt(raw, share), pairsAt(share), images);
      return `At ${percent(share)} of the MACs:\n\n${markdown}`;
    });
    const others = METHODS.filter((method) => method !== 'LFE');
    return {
      text: tables.join('\n\n'),
      statements: others.flatMap((other) => statementsAgainst(raw, images, other)),
    };
  },
};
