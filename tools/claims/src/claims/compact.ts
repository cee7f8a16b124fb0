import { kcrNystrom } from '@kcr/nystrom';
import { comparisonTable } from '../../../experiments/src/comparison-table.ts';
import { macsAt, prunedTo } from '../channels.ts';
import type { Claim, Unit } from '../claim.ts';
import { EPOCHS } from '../lab.ts';
import { searched } from '../searched.ts';
import { betterThan } from '../verdict.ts';

const LEVEL = 0.5;

/** Trained on from the dense model's weights. */
const ON = { lr: 3e-4, epochs: EPOCHS };

/** The pairs of the claim: a compact network, and what it is no worse than. */
const PAIRS = [
  { first: 'compact, as many epochs', second: 'dense' },
  { first: 'compact, as many epochs, TNN', second: 'dense' },
  { first: 'compact, as much arithmetic', second: 'dense' },
  { first: 'compact, trained on', second: 'dense, trained on' },
  { first: 'compact, trained on, TNN', second: 'dense, trained on' },
  { first: 'compact, trained on', second: 'dense' },
] as const;

const unit: Unit = {
  name: 'vit',
  async run(lab, seed) {
    const dense = await lab.dense('vit', seed);
    const { model, weights } = dense;
    const roles = ['io'];
    const budget = macsAt(model, roles, LEVEL);
    const { kept } = await searched(lab, dense, { roles, share: budget, seed });
    const { model: compact, weights: inherited } = prunedTo(dense, kept);
    const share = compact.macs.total / model.macs.total;
    const fresh = { seed, epochs: EPOCHS, warmupEpochs: 2 };
    const plugins = [kcrNystrom({ eta: 0.1, rank: 10, landmarks: 384 })];
    const trained = {
      'compact, as many epochs': await lab.trained(compact, fresh),
      'compact, as many epochs, TNN': await lab.trained(compact, { ...fresh, plugins }),
      'compact, as much arithmetic': await lab.trained(compact, {
        ...fresh,
        epochs: Math.round(EPOCHS / share),
      }),
      'compact, trained on': await lab.trained(compact, { ...ON, seed, initial: inherited }),
      'compact, trained on, TNN': await lab.trained(compact, {
        ...ON,
        seed,
        initial: inherited,
        plugins,
      }),
      'dense, trained on': await lab.trained(model, { ...ON, seed, initial: weights }),
    };
    const right: Record<string, string> = { dense: await lab.right(dense) };
    for (const [name, own] of Object.entries(trained)) right[name] = await lab.right(own);
    return { numbers: { share }, right };
  },
};

/** A compact network against the dense one that it was searched in. */
export const compactClaim: Claim = {
  name: 'compact',
  title: 'Compact networks against the dense one',
  claim:
    'A compact network is no worse than the dense network that it was searched in, or better (KCR, tables 1 to 4; DCS, table 1).',
  experiment: `A ViT with ${100 * LEVEL} % of the channels of its searched dimensions, against the dense one: both from scratch in ${EPOCHS} epochs; the compact one for as much arithmetic as the dense one's ${EPOCHS} epochs; and both trained on from the dense weights for ${EPOCHS} epochs more, for the search had those weights too. TNN: with KCR's regulariser, eta 0.1, rank 10.`,
  seeds: 10,
  units: [unit],
  finding({ outcomes }, images) {
    const own = Object.values(outcomes[unit.name] ?? {});
    const { markdown, comparisons } = comparisonTable(own, PAIRS, images);
    const share = own.reduce((sum, { numbers }) => sum + numbers.share!, 0) / own.length;
    return {
      text: `The compact networks have ${(100 * share).toFixed(0)} % of the MACs.\n\n${markdown}`,
      statements: betterThan(comparisons),
    };
  },
};
