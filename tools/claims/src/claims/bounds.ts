import { createModel } from '@kcr/backbones';
import { Generator } from '@kcr/core';
import { kcrNystrom } from '@kcr/nystrom';
import { markdownTable } from '../../../experiments/src/markdown-table.ts';
import type { Outcome } from '../../../experiments/src/raw.ts';
import { interval, rankCorrelation, smallestSeen } from '../../../experiments/src/statistics.ts';
import { backbones } from '../backbones.ts';
import type { Claim, Unit } from '../claim.ts';
import { forTest, forTraining } from '../lab.ts';
import { drawn, type Regime, regimeImages } from '../regimes.ts';
import { type Statement, verdictIn } from '../verdict.ts';

const CASES: readonly Regime[] = [
  { name: '200 images', images: 200, epochs: 60 },
  { name: '1,000 images', images: 1_000, epochs: 20 },
  { name: '6,000 images', images: 6_000, epochs: 10 },
  { name: '1,000 images, 40 % wrong', images: 1_000, wrong: 0.4, epochs: 20 },
];

/** Images that stand for all: the expected loss is over them. */
const EXPECTED = 2_000;

/** Steps of gradient descent on the last layer. */
const STEPS = [64, 4_096];

/** What is compared with the expected loss over the epochs. */
const PREDICTORS = {
  upperBound: 'the upper bound',
  lastLayerLoss: 'the training loss alone',
  aKc: 'A-KC alone',
} as const;

const unit = (own: Regime): Unit => ({
  name: own.name,
  async run(lab, seed) {
    const { name, config } = backbones.vit;
    const model = createModel(name, { ...config, num_classes: 10 });
    const { train, test } = regimeImages(await lab.sources(model), own, seed);
    const validation = forTest(drawn(test, EXPECTED, new Generator(seed).fork('expected')));
    const numbers: Record<string, number> = {};
    for (const step of STEPS) {
      const { history } = await lab.trained(model, {
        train: forTraining(train),
        validation,
        seed,
        plugins: [kcrNystrom({ eta: 0, rank: 10, bounds: { step } })],
        epochs: own.epochs,
        warmupEpochs: 2,
      });
      const expected = history.map(({ expectedLoss }) => expectedLoss!);
      const within = history.filter(
        ({ expectedLoss, lowerBound, upperBound }) =>
          lowerBound! <= expectedLoss! && expectedLoss! <= upperBound!,
      );
      const { expectedLoss, lastLayerLoss, upperBound } = history.at(-1)!;
      numbers[`${step}, within`] = within.length / history.length;
      numbers[`${step}, gap`] = expectedLoss! - lastLayerLoss!;
      numbers[`${step}, slack`] = upperBound! - lastLayerLoss!;
      for (const key of Object.keys(PREDICTORS))
        numbers[`${step}, ${key}`] = rankCorrelation(
          history.map((record) => record[key]!),
          expected,
        );
    }
    return { numbers, right: {} };
  },
});

/** A number's mean over the seeds with its interval. */
function meanText(outcomes: readonly Outcome[], name: string, digits: number): string {
  const { mean, low, high, n } = interval(outcomes.map(({ numbers }) => numbers[name]!));
  const text = mean.toFixed(digits);
  return n > 1 ? `${text} [${low.toFixed(digits)}, ${high.toFixed(digits)}]` : text;
}

/** KCR's bounds of the expected loss. */
export const boundsClaim: Claim = {
  name: 'bounds',
  title: 'The bounds of KCR over the epochs',
  claim:
    'The upper and lower bounds with A-KC are tightly correlated with the expected loss over the training epochs (KCR 4.2, Figure 1).',
  experiment: `A ViT from scratch. After each epoch gradient descent trains a last layer on its features; the expected loss is that layer's squared loss on ${EXPECTED.toLocaleString('en')} other images, and the bounds are with all constants 1. Within: the share of epochs in which the expected loss is between the bounds. Correlations are Spearman's over the epochs; beside the upper bound stand its two parts, the training loss and A-KC. Gap and slack are of the last epoch: expected less training loss, and what the bound allows for it. Means over the seeds.`,
  seeds: 5,
  units: CASES.map(unit),
  finding({ outcomes }) {
    const header = ['', 'steps', 'within', 'gap', 'slack', ...Object.values(PREDICTORS), 'seeds'];
    const measured = CASES.flatMap(({ name }) => {
      const own = Object.values(outcomes[name] ?? {});
      return own.length > 0 ? [{ name, own }] : [];
    });
    const rows = measured.flatMap(({ name, own }) =>
      STEPS.map((step) => [
        name,
        step.toLocaleString('en'),
        ...[`${step}, within`].map((key) => meanText(own, key, 2)),
        ...['gap', 'slack'].map((key) => meanText(own, `${step}, ${key}`, 3)),
        ...Object.keys(PREDICTORS).map((key) => meanText(own, `${step}, ${key}`, 2)),
        String(own.length),
      ]),
    );
    const text = (value: number) => value.toFixed(2);
    const statements = measured.flatMap(({ name, own }) =>
      STEPS.flatMap((step) => {
        const of = (key: string) => own.map(({ numbers }) => numbers[`${step}, ${key}`]!);
        const [upper, loss, aKc] = [of('upperBound'), of('lastLayerLoss'), of('aKc')];
        const gains = upper.map((value, i) => value - Math.max(loss[i]!, aKc[i]!));
        const at = `${name}, ${step.toLocaleString('en')} steps`;
        const said = (what: string, values: readonly number[]): Statement => ({
          of: what,
          at,
          verdict: verdictIn(interval(values), smallestSeen(values), text),
        });
        return [
          said('the upper bound is correlated with the expected loss', upper),
          said('more than the better of its parts is', gains),
        ];
      }),
    );
    return {
      text: markdownTable(header, rows),
      statements,
    };
  },
};
