import { createModel } from '@kcr/backbones';
import { countBits } from '../../../experiments/src/bits.ts';
import { comparisonTable } from '../../../experiments/src/comparison-table.ts';
import { backbones } from '../backbones.ts';
import type { Claim, Unit } from '../claim.ts';
import { forTest, forTraining } from '../lab.ts';
import { numbersTable } from '../numbers-table.ts';
import { type Regime, regimeImages } from '../regimes.ts';
import { type Arm, CHOSEN, NONE, without } from '../regularisers.ts';
import { betterThan } from '../verdict.ts';

const CASES: readonly Regime[] = [
  { name: '200 images', images: 200, epochs: 60 },
  { name: '1,000 images', images: 1_000, epochs: 20 },
  { name: '6,000 images', images: 6_000, epochs: 10 },
  { name: '1,000 images, 20 % wrong', images: 1_000, wrong: 0.2, epochs: 20 },
  { name: '1,000 images, 40 % wrong', images: 1_000, wrong: 0.4, epochs: 20 },
];

/** Images that are tested with, see `regimes.ts`. */
const TESTED = 6_000;

const chosen = Object.values(CHOSEN);
const arms: readonly Arm[] = [without, ...chosen];

const unit = (own: Regime): Unit => ({
  name: own.name,
  async run(lab, seed) {
    const { name, config } = backbones.vit;
    const model = createModel(name, { ...config, num_classes: 10 });
    const images = regimeImages(await lab.sources(model), own, seed);
    const train = forTraining(images.train);
    const right: Record<string, string> = {};
    const numbers: Record<string, number> = {};
    for (const arm of arms) {
      const trained = await lab.trained(model, {
        train,
        seed,
        plugins: arm.plugins,
        epochs: own.epochs,
        warmupEpochs: 2,
      });
      right[arm.name] = await lab.right(trained, forTest(images.test));
      const learnt = countBits(await lab.right(trained, forTest(images.train)));
      const { kc, ib } = trained.history.at(-1)!;
      numbers[`${arm.name}, kc`] = kc!;
      numbers[`${arm.name}, ib`] = ib!;
      numbers[`${arm.name}, gap`] =
        100 * (learnt / own.images - countBits(right[arm.name]!) / TESTED);
    }
    return { numbers, right };
  },
});

/** KCR's and DCS's regularisers. */
export const regularisersClaim: Claim = {
  name: 'regularisers',
  title: 'The regularisers',
  claim:
    'A lower kernel complexity, by the truncated nuclear norm in the loss (KCR 3.2, table 5), and a lower information bottleneck, by its bound (DCS 3.3, table 5), make a network generalise better.',
  experiment: `A ViT from scratch, without a regulariser, with TNN and with the bound as cross-validation chose them, on few and many images and on images with wrong labels. Tested with ${TESTED.toLocaleString('en')} images instead, for the others are there to be trained on. KC and IB are those of the training images after the last epoch, the gap is training accuracy (by the labels that were trained on) less test accuracy.`,
  seeds: 10,
  units: CASES.map(unit),
  finding({ outcomes }) {
    const parts = CASES.map((own) => {
      const found = Object.values(outcomes[own.name] ?? {});
      if (found.length === 0) return { text: '', statements: [] };
      const names = arms.map(({ name }) => name);
      const pairs = chosen.map(({ name }) => ({ first: name, second: NONE }));
      const { markdown, comparisons } = comparisonTable(found, pairs, TESTED);
      const numbers = numbersTable(found, names, NONE, [
        { key: 'kc', title: 'KC', digits: 4 },
        { key: 'ib', title: 'IB, nats', digits: 4 },
        { key: 'gap', title: 'gap, points', digits: 1 },
      ]);
      return {
        text: `${own.name}:\n\n${markdown}\n\n${numbers}`,
        statements: betterThan(comparisons, own.name),
      };
    });
    return {
      text: parts.map(({ text }) => text).join('\n\n'),
      statements: parts.flatMap(({ statements }) => statements),
    };
  },
};
