import { adapt } from '@kcr/core';
import { ibBound } from '@kcr/ib-bound';
import { type QkMaskOptions, qkMask } from '@kcr/masks';
import { comparisonTable } from '../../../experiments/src/comparison-table.ts';
import type { Claim, Unit } from '../claim.ts';
import { EPOCHS } from '../lab.ts';
import { numbersTable } from '../numbers-table.ts';
import { betterThan } from '../verdict.ts';

const temperature = { start: 4.5, end: 0.3 };

/** The masks by how they start and whether q and k share one. */
const MASKS: Readonly<Record<string, QkMaskOptions | undefined>> = {
  'no mask': undefined,
  'one mask': { temperature },
  'one for q, one for k': { temperature, separate: true },
  'one mask, born open': { temperature, initial: 2 },
  'one for q, one for k, born open': { temperature, separate: true, initial: 2 },
  'one mask, annealed noise': { temperature, noise: 'annealed' },
};
const NONE = 'no mask';

const unit: Unit = {
  name: 'vit',
  async run(lab, seed) {
    const { model } = await lab.dense('vit', seed);
    const right: Record<string, string> = {};
    const numbers: Record<string, number> = {};
    for (const [name, options] of Object.entries(MASKS)) {
      const masked = options ? adapt(model, [qkMask(options)]) : model;
      const trained = await lab.trained(masked, {
        seed,
        epochs: EPOCHS,
        warmupEpochs: 2,
        plugins: [ibBound({ eta: 0 })],
      });
      right[name] = await lab.right(trained);
      numbers[`${name}, ib`] = trained.history.at(-1)!.ib!;
    }
    return { numbers, right };
  },
};

/** DCS's masks of q and k. */
export const qkMasksClaim: Claim = {
  name: 'qk-masks',
  title: 'Masks of q and k',
  claim:
    'Selecting the channels of q and k by the tokens makes a better network, and one with a lower information bottleneck (DCS 3.1, tables 5 and 6).',
  experiment: `A ViT trained for ${EPOCHS} epochs from scratch without and with the mask: one for q and k or one each; its layer starting as PyTorch's, half open, or with a bias of 2, open; its noise as published or falling with the temperature. IB is that of the training images after the last epoch.`,
  seeds: 10,
  units: [unit],
  finding({ outcomes }, images) {
    const own = Object.values(outcomes[unit.name] ?? {});
    const pairs = Object.keys(MASKS)
      .filter((name) => name !== NONE)
      .map((first) => ({ first, second: NONE }));
    const { markdown, comparisons } = comparisonTable(own, pairs, images);
    const bottleneck = numbersTable(own, Object.keys(MASKS), NONE, [
      { key: 'ib', title: 'IB, nats', digits: 4 },
    ]);
    return {
      text: `${markdown}\n\n${bottleneck}`,
      statements: betterThan(comparisons),
    };
  },
};
