import { comparisonTable } from '../../../experiments/src/comparison-table.ts';
import { prunedTo } from '../channels.ts';
import type { Claim, Unit } from '../claim.ts';
import { EPOCHS } from '../lab.ts';
import { numbersTable } from '../numbers-table.ts';
import { CHOSEN, without } from '../regularisers.ts';
import { searched } from '../searched.ts';
import { betterThan } from '../verdict.ts';

/** Of the dense model's MACs. */
const SHARE = 0.6;

/** Dimensions that are searched: KCR's, and others beside or instead of them. */
const DIMS: Readonly<Record<string, readonly string[]>> = {
  io: ['io'],
  'io, q and k, v': ['io', 'qk', 'v'],
  'hidden, q and k, v': ['hidden', 'qk', 'v'],
  'all four': ['io', 'hidden', 'qk', 'v'],
};
const IO = 'io';

const TUNING = { epochs: EPOCHS / 2, lr: 3e-4 };

/** Trained on without and with TNN. */
const ARMS = { '': without, ', TNN': CHOSEN.tnnStronger };

const names = Object.keys(DIMS);

const unit: Unit = {
  name: 'vit',
  async run(lab, seed) {
    const dense = await lab.dense('vit', seed);
    const right: Record<string, string> = { dense: await lab.right(dense) };
    const numbers: Record<string, number> = {};
    for (const [name, roles] of Object.entries(DIMS)) {
      const { kept } = await searched(lab, dense, { roles, share: SHARE, seed });
      const compact = prunedTo(dense, kept);
      numbers[`${name}, macs`] = (100 * compact.model.macs.total) / dense.model.macs.total;
      right[`${name}, pruned`] = await lab.right(compact);
      for (const [suffix, { plugins }] of Object.entries(ARMS)) {
        const tuned = await lab.trained(compact.model, {
          ...TUNING,
          seed,
          initial: compact.weights,
          plugins,
        });
        right[`${name}${suffix}`] = await lab.right(tuned);
        const { kc, tnnRatio } = tuned.history.at(-1)!;
        numbers[`${name}${suffix}, kc`] = kc!;
        numbers[`${name}${suffix}, tnnRatio`] = 100 * tnnRatio!;
      }
    }
    return { numbers, right };
  },
};

/** KCR's search over more than the channels of its MLPs. */
export const searchedDimsClaim: Claim = {
  name: 'searched-dims',
  title: 'The search over q, k and v',
  claim:
    "KCR searches the channels that MLPs read and write. It leaves open whether its search and its kernel bound serve heads and the channels of q and k, too. Here a head's channels of q and k, of v, and the MLPs' hidden ones are searched the same way.",
  experiment: `Searches on the frozen weights of a dense ViT for ${100 * SHARE} % of its MACs, by what is searched; trained on for ${TUNING.epochs} epochs without and with TNN (${CHOSEN.tnnStronger.name}). KC and TNN's share of the trace are of the training images after the last epoch.`,
  seeds: 5,
  units: [unit],
  finding({ outcomes }, images) {
    const own = Object.values(outcomes[unit.name] ?? {});
    const others = names.filter((name) => name !== IO);
    const pairs = [
      ...others.map((name) => ({ first: `${name}, pruned`, second: `${IO}, pruned` })),
      ...others.map((first) => ({ first, second: IO })),
      ...names.map((name) => ({ first: `${name}, TNN`, second: name })),
    ];
    const { markdown, comparisons } = comparisonTable(own, pairs, images);
    const models = names.flatMap((name) => Object.keys(ARMS).map((suffix) => `${name}${suffix}`));
    const numbers = numbersTable(own, models, IO, [
      { key: 'kc', title: 'KC', digits: 5 },
      { key: 'tnnRatio', title: 'TNN / trace, %', digits: 2 },
    ]);
    return {
      text: `${markdown}\n\n${numbers}`,
      statements: betterThan(comparisons.slice(others.length)),
    };
  },
};
