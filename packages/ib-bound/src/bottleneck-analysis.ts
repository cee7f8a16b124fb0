import {
  type AnalysisContext,
  type AnalysisResult,
  type Dataset,
  defineAnalysis,
  imageBatches,
} from '@kcr/core';
import { toFeatures } from '@kcr/features';
import { measureInformation } from './measure-information.ts';
import { poolImages } from './pooled-pixels.ts';
import { sampleSize } from './sample-size.ts';

/**
 * Information between the clusters of training images' features and inputs, and of features and classes, in nats, with
 * clusters of their own (DCS 3.3); nothing where images have no class of their own. At most 40 images for each class, or 10,000, whichever is
 * more, are read; the number `bottleneckImages` says how many where they are not all.
 */
export const bottleneckAnalysis = defineAnalysis({
  name: 'bottleneck',
  about: 'mutual information with inputs and labels',
  contract: 1,
  columns: [
    {
      number: 'ib',
      title: 'IB, nats',
      digits: 4,
      says: 'What the features tell of the images less what they tell of the classes; lower forgets more of what no class needs.',
    },
    {
      number: 'bottleneckImages',
      title: 'IB images',
      digits: 0,
      says: 'Of the training images those that IB is measured on.',
    },
  ],
  measure:
    (_: object) =>
    async (context: AnalysisContext): Promise<AnalysisResult> => {
      const { batchSize, generator } = context;
      const train = context.train as typeof context.train & Partial<Pick<Dataset, 'labels'>>;
      const { labels } = train;
      if (!labels) return { numbers: {} };
      const classes = train.classes.length;
      const sample = generator
        .permutation(train.length)
        .slice(0, sampleSize(train.length, classes));
      const { iXtX, iXtY, ib } = measureInformation({
        features: toFeatures(await context.features(sample)),
        inputs: await poolImages(imageBatches(train, batchSize, sample)),
        labels: sample.map((i) => labels[i]!),
        classes,
        generator,
      });
      const read: Record<string, number> =
        sample.length < train.length ? { bottleneckImages: sample.length } : {};
      return { numbers: { iXtX, iXtY, ib, ...read } };
    },
});
