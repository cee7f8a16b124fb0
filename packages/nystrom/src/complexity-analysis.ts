import { type AnalysisContext, type Dataset, defineAnalysis, float32 } from '@kcr/core';
import { type Features, toFeatures } from '@kcr/features';
import { type BoundPoint, kcrBounds } from './bounds.ts';
import { complexity } from './complexity-report.ts';
import type { LandmarkSampling } from './landmarks.ts';

export interface ComplexityAnalysisOptions {
  /** r of TNN_r. */
  rank: number;
  landmarks: number;
  sampling?: LandmarkSampling;
}

const BOUND_STEPS = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

/** The bounds of a classifier's loss, by the complexity of its features; none where images have no class. */
function lossBounds(
  features: Features,
  train: AnalysisContext['train'] & Partial<Pick<Dataset, 'labels'>>,
  complexity: number,
): BoundPoint[] {
  if (!train.labels) return [];
  const classes = train.classes.length;
  const oneHot = float32([features.n, classes]);
  train.labels.forEach((label, i) => {
    oneHot.data[i * classes + label] = 1;
  });
  return kcrBounds(features, toFeatures(oneHot), { complexity, steps: BOUND_STEPS });
}

const boundLines = (bounds: readonly BoundPoint[]) =>
  (['upper', 'trainingLoss', 'lower'] as const).map((key) => ({
    name: key === 'trainingLoss' ? 'training loss' : `${key} bound`,
    points: bounds.map((point): [number, number] => [point.step + 1, point[key]]),
    dashed: key !== 'trainingLoss',
  }));

/**
 * Trace, TNN_r and KC of the training images' features, their spectrum, and for classifiers KCR's bounds of the loss
 * (KCR 3.2, theorem 1).
 *
 * @throws KcrError `RANK`, `LANDMARKS`
 */
export const complexityAnalysis = defineAnalysis('complexity', {
  columns: [
    { number: 'trace', title: 'trace', digits: 2 },
    { number: 'tnn', title: 'TNN', digits: 4 },
    { number: 'tnn', per: 'trace', title: 'TNN / trace', digits: 2, percent: true },
    { number: 'kc', title: 'KC', digits: 5 },
  ],
  measure: (options: ComplexityAnalysisOptions) => async (context: AnalysisContext) => {
    const { train, generator, name } = context;
    const features = toFeatures(await context.features());
    const { trace, tnn, kc, akc, spectrum } = complexity(features, { ...options, generator });
    const points = [...spectrum].flatMap((value, i): [number, number][] =>
      value > 1e-12 ? [[i + 1, value]] : [],
    );
    const bounds = lossBounds(features, train, akc.value);
    return {
      numbers: { trace, tnn, kc: kc.value },
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
                title: `Bounds up to constants: ${name}`,
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
