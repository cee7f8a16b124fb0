import { type AnalysisContext, type Dataset, defineAnalysis } from '@kcr/core';
import { type Features, toFeatures } from '@kcr/features';
import { type BoundPoint, kcrBounds } from './bounds.ts';
import { type ComplexityOptions, decomposed } from './complexity-report.ts';
import { CrossSum } from './labelled-sums.ts';
import { LastLayer } from './last-layer.ts';

export type ComplexityAnalysisOptions = Omit<ComplexityOptions, 'generator'>;

const BOUND_STEPS = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

/** The bounds of a classifier's loss, by the complexity of its features; none where images have no class. */
function lossBounds(
  features: Features,
  { s, spectrum, report }: ReturnType<typeof decomposed>,
  { labels, classes }: AnalysisContext['train'] & Partial<Pick<Dataset, 'labels'>>,
): BoundPoint[] {
  if (!labels) return [];
  const cross = new CrossSum(features.d, classes.length);
  cross.add(features, labels);
  const layer = new LastLayer({ n: features.n, s, cross: cross.matrix() }, spectrum);
  return kcrBounds(layer, { complexity: report.aKc.value, steps: BOUND_STEPS });
}

const boundLines = (bounds: readonly BoundPoint[]) =>
  (['upper', 'trainingLoss', 'lower'] as const).map((key) => ({
    name: key === 'trainingLoss' ? 'training loss' : `${key} bound`,
    points: bounds.map((point): [number, number] => [point.step + 1, point[key]]),
    dashed: key !== 'trainingLoss',
  }));

/**
 * Of all training images' features, n of them: trace, TNN_r and KC exactly, and A-KC and the TNN_r behind it by the Nystrom
 * method with m landmarks; their spectrum, and for classifiers KCR's bounds of the loss (KCR 3.2, theorem 1).
 *
 * @throws KcrError `RANK`, `LANDMARKS`
 */
export const complexityAnalysis = defineAnalysis({
  name: 'complexity',
  about: 'kernel complexity and truncated nuclear norm',
  contract: 1,
  columns: [
    { number: 'trace', title: 'trace', digits: 2 },
    {
      number: 'tnn',
      title: 'TNN',
      digits: 4,
      says: 'How much of the features lies outside their first r directions, which KCR makes small.',
    },
    {
      number: 'tnn',
      per: 'trace',
      title: 'TNN / trace',
      digits: 2,
      percent: true,
      says: 'The same as a share of all features: unlike TNN it does not fall where features shrink.',
    },
    {
      number: 'kc',
      title: 'KC',
      digits: 5,
      says: 'How much a bound of the loss on new images allows above the loss on the training images; lower is better.',
    },
    {
      number: 'aKc',
      title: 'A-KC',
      digits: 5,
      says: 'KC as m landmarks see it; the nearer to KC, the better they stand for all n images.',
    },
    { number: 'landmarks', title: 'm', digits: 0 },
    { number: 'trainImages', title: 'n', digits: 0 },
  ],
  measure: (options: ComplexityAnalysisOptions) => async (context: AnalysisContext) => {
    const { train, generator, name } = context;
    const features = toFeatures(await context.features());
    const found = decomposed(features, { ...options, generator });
    const { n: trainImages, landmarks, trace, tnn, aTnn, spectrum } = found.report;
    const [kc, aKc] = [found.report.kc.value, found.report.aKc.value];
    const points = [...spectrum].flatMap((value, i): [number, number][] =>
      value > 1e-12 ? [[i + 1, value]] : [],
    );
    const bounds = lossBounds(features, found, train);
    return {
      numbers: { trace, tnn, kc, aTnn, aKc, landmarks, trainImages },
      charts: [
        {
          title: "Spectrum of the features' gram matrix",
          x: 'index',
          y: 'eigenvalue',
          logY: true,
          lines: [{ points }],
        },
        ...(bounds.length > 0
          ? [
              {
                title: `Bounds up to constants, with A-KC: ${name}`,
                x: 'gradient descent steps on the last layer + 1',
                y: 'squared loss',
                logX: true,
                lines: boundLines(bounds),
              },
            ]
          : []),
      ],
    };
  },
});
