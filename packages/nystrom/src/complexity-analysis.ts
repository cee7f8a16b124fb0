import { type AnalysisContext, type Dataset, defineAnalysis } from '@kcr/core';
import { type Features, toFeatures } from '@kcr/features';
import { type BoundPoint, kcrBounds } from './bounds.ts';
import { type ComplexityOptions, complexity } from './complexity-report.ts';
import { labelledMoments } from './labelled-sums.ts';
import { LastLayer } from './last-layer.ts';

export type ComplexityAnalysisOptions = Omit<ComplexityOptions, 'generator'>;

const BOUND_STEPS = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

/** The bounds of a classifier's loss, by the complexity of its features; none where images have no class. */
async function lossBounds(
  features: Features,
  { labels, classes }: AnalysisContext['train'] & Partial<Pick<Dataset, 'labels'>>,
  complexity: number,
): Promise<BoundPoint[]> {
  if (!labels) return [];
  const given = { d: features.d, labels, classes: classes.length };
  const layer = new LastLayer(await labelledMoments([features], given));
  return kcrBounds(layer, { complexity, steps: BOUND_STEPS });
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
export const complexityAnalysis = defineAnalysis('complexity', {
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
    const report = complexity(features, { ...options, generator });
    const { n: trainImages, landmarks, trace, tnn, aTnn, spectrum } = report;
    const [kc, aKc] = [report.kc.value, report.aKc.value];
    const points = [...spectrum].flatMap((value, i): [number, number][] =>
      value > 1e-12 ? [[i + 1, value]] : [],
    );
    const bounds = await lossBounds(features, train, aKc);
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
