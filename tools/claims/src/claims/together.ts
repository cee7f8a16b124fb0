import type { Plugin, PrunedModel } from '@kcr/core';
import { ibBound } from '@kcr/ib-bound';
import { lfs } from '@kcr/lfc';
import { kcrNystrom } from '@kcr/nystrom';
import { comparisonTable } from '../../../experiments/src/comparison-table.ts';
import { bestWithin, prunedTo, scoresOf } from '../channels.ts';
import type { Claim, Unit } from '../claim.ts';
import { EPOCHS, type Lab } from '../lab.ts';
import { searched } from '../searched.ts';
import { withTokens } from '../token-methods.ts';
import { verdictOfComparison } from '../verdict.ts';

/** Of the dense model's MACs, in all. */
const SHARE = 0.3;

/** Of the dense model's MACs, by taking out tokens alone. */
const TOKENS = 0.6;

/** What VTC-LFC prunes; KCR's and DCS's channels of the MLPs alone cannot save as much. */
const ROLES = ['qk', 'v', 'hidden'];

const TUNING = { epochs: EPOCHS, lr: 3e-4 };

const tnn = () => kcrNystrom({ eta: 0.01, rank: 9, warmup: 0.3 });
const ib = () => ibBound({ eta: 0.05, warmup: 0.3 });

/** How a dense model is made smaller, and what it is trained on with. */
interface Way {
  /** Whether tokens are taken out, by LFE. */
  readonly tokens?: boolean;
  /** How channels are chosen. */
  readonly channels: 'search' | 'LFS';
  readonly plugins: () => Plugin[];
}

const WAYS: Readonly<Record<string, Way>> = {
  'KCR (search, TNN)': { channels: 'search', plugins: () => [tnn()] },
  'DCS (search, IB)': { channels: 'search', plugins: () => [ib()] },
  'search alone': { channels: 'search', plugins: () => [] },
  'VTC-LFC (LFS, LFE)': { channels: 'LFS', tokens: true, plugins: () => [] },
  'search and LFE': { channels: 'search', tokens: true, plugins: () => [] },
  'all (search, LFE, TNN, IB)': {
    channels: 'search',
    tokens: true,
    plugins: () => [tnn(), ib()],
  },
};
const ALL = 'all (search, LFE, TNN, IB)';
const names = Object.keys(WAYS);

/** The dense model without some of its tokens. */
const fewerTokens = ({ model, weights }: PrunedModel, seed: number): PrunedModel => ({
  model: withTokens(model, 'LFE', TOKENS, seed),
  weights,
});

/** The channels that a way chooses, within the share of the dense model's MACs. */
async function chosen(
  lab: Lab,
  whole: PrunedModel,
  channels: Way['channels'],
  share: number,
  seed: number,
): Promise<PrunedModel> {
  const kept =
    channels === 'search'
      ? (await searched(lab, whole, { roles: ROLES, share, seed })).kept
      : await bestWithin(
          whole.model,
          await scoresOf(lab, whole, { criterion: lfs({}), roles: ROLES, seed }),
          share,
        );
  return prunedTo(whole, kept);
}

const unit: Unit = {
  name: 'vitTokens',
  async run(lab, seed) {
    const dense = await lab.dense('vitTokens', seed);
    const right: Record<string, string> = { dense: await lab.right(dense) };
    const numbers: Record<string, number> = {};
    const found = new Map<string, PrunedModel>();
    for (const [name, { tokens = false, channels, plugins }] of Object.entries(WAYS)) {
      const whole = tokens ? fewerTokens(dense, seed) : dense;
      const share = (SHARE * dense.model.macs.total) / whole.model.macs.total;
      const key = `${channels} ${tokens}`;
      const compact = found.get(key) ?? (await chosen(lab, whole, channels, share, seed));
      found.set(key, compact);
      numbers[`${name}, macs`] = compact.model.macs.total / dense.model.macs.total;
      right[`${name}, pruned`] = await lab.right(compact);
      const tuned = await lab.trained(compact.model, {
        ...TUNING,
        seed,
        initial: compact.weights,
        plugins: plugins(),
      });
      right[name] = await lab.right(tuned);
    }
    return { numbers, right };
  },
};

/** The three methods in one run. */
export const togetherClaim: Claim = {
  name: 'together',
  title: 'All three methods in one run',
  claim:
    'The methods add up: channels by search, tokens by low-frequency energy and both regularisers make a better network than any one method at the same MACs. No paper says so; it is what one toolkit for all three is for.',
  experiment: `A dense vit of 64 tokens is brought to ${100 * SHARE} % of its MACs and trained on for ${EPOCHS} epochs. Channels of q and k, v and the MLPs are searched on the frozen weights, or chosen by LFS; where tokens are taken out, LFE first saves ${100 - 100 * TOKENS} % of the MACs. TNN: eta 0.01, rank 9; IB: eta 0.05. Ways that choose the same channels share the choice.`,
  seeds: 5,
  units: [unit],
  finding({ outcomes }, images) {
    const own = Object.values(outcomes[unit.name] ?? {});
    const others = names.filter((name) => name !== ALL);
    const pairs = [...others, 'dense'].map((second) => ({ first: ALL, second }));
    const untuned = ['search and LFE', 'search alone'].map((name) => ({
      first: `${name}, pruned`,
      second: 'VTC-LFC (LFS, LFE), pruned',
    }));
    const { markdown, comparisons } = comparisonTable(own, [...pairs, ...untuned], images);
    return {
      text: markdown,
      statements: comparisons.slice(0, pairs.length).map((comparison) => ({
        of: `all better than ${comparison.second}`,
        at: '',
        verdict: verdictOfComparison(comparison),
      })),
    };
  },
};
