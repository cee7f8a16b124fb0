import { createModel } from '@kcr/backbones';
import { countBits } from '../../../experiments/src/bits.ts';
import { comparisonTable } from '../../../experiments/src/comparison-table.ts';
import { backbones } from '../backbones.ts';
import type { Claim, Unit } from '../claim.ts';
import { forTest, forTraining } from '../lab.ts';
import { numbersTable } from '../numbers-table.ts';
import { type Regime, regimeImages } from '../regimes.ts';
import { type Arm, CHOSEN, ib, NONE, tnn, without } from '../regularisers.ts';
import { betterThan } from '../verdict.ts';

/** Images that are tested with, see `regimes.ts`. */
const TESTED = 6_000;

/** Ways to regularise, under conditions. */
interface Conditions extends Pick<Claim, 'name' | 'title' | 'claim' | 'seeds'> {
  /** What is trained, in a sentence or two. */
  readonly about: string;
  readonly cases: readonly Regime[];
  /** Compared with none. */
  readonly arms: readonly Arm[];
}

const unit = (own: Regime, arms: readonly Arm[]): Unit => ({
  name: own.name,
  async run(lab, seed) {
    const { name, config } = backbones.vit;
    const model = createModel(name, { ...config, num_classes: 10 });
    const images = regimeImages(await lab.sources(model), own, seed);
    const train = (own.unchanged ? forTest : forTraining)(images.train);
    const right: Record<string, string> = {};
    const numbers: Record<string, number> = {};
    for (const arm of [without, ...arms]) {
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

/** Regularisers beside none. */
const claimOf = ({ about, cases, arms, ...claim }: Conditions): Claim => ({
  ...claim,
  experiment: `${about} Tested with ${TESTED.toLocaleString('en')} images instead, for the others are there to be trained on. KC and IB are those of the training images after the last epoch, the gap is training accuracy (by the labels that were trained on) less test accuracy.`,
  units: cases.map((own) => unit(own, arms)),
  finding({ outcomes }) {
    const parts = cases.map((own) => {
      const found = Object.values(outcomes[own.name] ?? {});
      if (found.length === 0) return { text: '', statements: [] };
      const names = [NONE, ...arms.map(({ name }) => name)];
      const pairs = arms.map(({ name }) => ({ first: name, second: NONE }));
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
});

/** KCR's and DCS's regularisers. */
export const regularisersClaim = claimOf({
  name: 'regularisers',
  title: 'The regularisers',
  claim:
    'A lower kernel complexity, by the truncated nuclear norm in the loss (KCR 3.2, table 5), and a lower information bottleneck, by its bound (DCS 3.3, table 5), make a network generalise better.',
  about:
    'A ViT from scratch, without a regulariser, with TNN and with the bound as cross-validation chose them, on few and many images and on images with wrong labels.',
  seeds: 10,
  cases: [
    { name: '200 images', images: 200, epochs: 60 },
    { name: '1,000 images', images: 1_000, epochs: 20 },
    { name: '6,000 images', images: 6_000, epochs: 10 },
    { name: '1,000 images, 20 % wrong', images: 1_000, wrong: 0.2, epochs: 20 },
    { name: '1,000 images, 40 % wrong', images: 1_000, wrong: 0.4, epochs: 20 },
  ],
  arms: Object.values(CHOSEN),
});

/** The same where there is something to regularise. */
export const memorisedClaim = claimOf({
  name: 'memorised',
  title: 'The regularisers on images learnt by heart',
  claim:
    'If a lower kernel complexity or information bottleneck helps anywhere, it is where a network learns its images by heart, and wrong labels with them.',
  about:
    'A ViT from scratch on images that it sees unchanged for 60 epochs, with and without regularisers of several weights. The gap says how far it has come to repeat its labels.',
  seeds: 10,
  cases: [
    { name: '200 images by heart', images: 200, epochs: 60, unchanged: true },
    {
      name: '1,000 images by heart, 40 % wrong',
      images: 1_000,
      wrong: 0.4,
      epochs: 60,
      unchanged: true,
    },
  ],
  arms: [tnn(9, 0.01), tnn(9, 0.1), tnn(9, 1), ib(0.05), ib(0.5), ib(5)],
});
