import { type AnalysisContext, type Dataset, defineAnalysis } from '@kcr/core';
import { type BoundPoint, kcrBounds } from './bounds.ts';
import { type ComplexityOptions, defaultLandmarks, reportOf } from './complexity-report.ts';
import { checkLandmarks } from './landmarks.ts';
import { LastLayer } from './last-layer.ts';
import { checkImages, type Reading, readFeatures } from './reading.ts';

export interface ComplexityAnalysisOptions extends Omit<ComplexityOptions, 'generator'> {
  /** Training images that are read. Default: all, but at most 50,000; at least as many as landmarks. */
  images?: number;
}

const BOUND_STEPS = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096];

/** The bounds of a classifier's loss, by the complexity of its features; none where images have no class. */
function lossBounds({ all }: Reading, complexity: number): BoundPoint[] {
  const { n, s, spectrum, cross } = all!;
  if (!cross) return [];
  const layer = new LastLayer({ n, s, cross }, spectrum);
  return kcrBounds(layer, { complexity, steps: BOUND_STEPS });
}

const boundLines = (bounds: readonly BoundPoint[]) =>
  (['upper', 'trainingLoss', 'lower'] as const).map((key) => ({
    name: key === 'trainingLoss' ? 'training loss' : `${key} bound`,
    points: bounds.map((point): [number, number] => [point.step + 1, point[key]]),
    dashed: key !== 'trainingLoss',
  }));

/**
 * Of the training images' features, n of them: trace, TNN_r and KC, and A-KC and the TNN_r behind it by the Nystrom
 * method with m landmarks; their spectrum, and for classifiers KCR's bounds of the loss (KCR 3.2, theorem 1). Of more than 50,000 images so
 * many are read (`images`) and stand for all n; the number `readImages` says it. In memory are a part of the images at a time, the
 * landmarks, and sums of d x d and d x classes.
 *
 * @throws KcrError `RANK`, `LANDMARKS`, `OPTION` for `images` outside 1..n
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
    {
      number: 'readImages',
      title: 'read',
      digits: 0,
      says: 'Of the n images those that were read; TNN, KC and A-KC are estimates from them.',
    },
  ],
  measure: (options: ComplexityAnalysisOptions) => async (context: AnalysisContext) => {
    const { generator, name } = context;
    const train = context.train as typeof context.train & Partial<Pick<Dataset, 'labels'>>;
    const n = train.length;
    const { sampling = 'uniform', images } = options;
    const m = options.landmarks ?? defaultLandmarks({ n, d: context.model.featureSize });
    checkLandmarks(m, n);
    checkImages('complexity', images, n);
    const labelled = train.labels && { labels: train.labels, classes: train.classes.length };
    const reading = await readFeatures(context, {
      samples: n,
      images,
      landmarks: m,
      sampling,
      needsAll: true,
      ...(labelled ? { labelled } : {}),
      generator,
    });
    const report = reportOf(reading, options);
    const { landmarks, trace, tnn, aTnn, spectrum } = report;
    const [kc, aKc] = [report.kc.value, report.aKc.value];
    const { read } = reading.all!;
    const sampled: Record<string, number> = read < n ? { readImages: read } : {};
    const points = [...spectrum].flatMap((value, i): [number, number][] =>
      value > 1e-12 ? [[i + 1, value]] : [],
    );
    const bounds = lossBounds(reading, aKc);
    return {
      numbers: { trace, tnn, kc, aTnn, aKc, landmarks, trainImages: n, ...sampled },
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
