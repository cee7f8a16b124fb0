import { Generator } from '@kcr/core';
import { expect, test } from 'vitest';
import { information } from './information.ts';
import { type MeasureOptions, measureInformation } from './measure-information.ts';
import { featuresOf, normal } from './testing.ts';

const given = (more: Partial<MeasureOptions> = {}): MeasureOptions => ({
  features: normal(12, 3, 1),
  inputs: normal(12, 5, 2),
  labels: Array.from({ length: 12 }, (_, i) => i % 3),
  classes: 3,
  generator: new Generator(1),
  ...more,
});

test('with centroids that are given it is the information of those', () => {
  const options = given({ featureCentroids: normal(4, 3, 3), inputCentroids: normal(2, 5, 4) });
  const { featureCentroids, inputCentroids, ...rest } = options;
  expect(measureInformation(options)).toEqual(
    information({
      ...rest,
      featureCentroids: featureCentroids!,
      inputCentroids: inputCentroids!,
    }),
  );
});

test('clusters of features begin at the class means, one for each class', () => {
  // Classes that lie apart, and soft assignments that are nearly hard.
  const axes = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  const features = featuresOf(Array.from({ length: 12 }, (_, i) => axes[i % 3]!));
  const { iXtY, logQ } = measureInformation(given({ features, beta: 100 }));
  expect(iXtY).toBeCloseTo(Math.log(3), 6);
  // Cluster k is class k.
  expect([0, 4, 8].map((at) => logQ[at])).toEqual([0, 0, 0].map((x) => expect.closeTo(x, 6)));
});

test('fewer images than classes have as many clusters of inputs as images', () => {
  const options = given({
    features: normal(2, 3, 1),
    inputs: normal(2, 5, 2),
    labels: [0, 2],
    classes: 9,
  });
  expect(measureInformation(options).logQ).toHaveLength(81);
});

test('the same stream gives the same numbers', () => {
  expect(measureInformation(given())).toEqual(measureInformation(given()));
});

test.each([
  ['LABELS', { labels: [0, 1] }],
  ['CENTROIDS_SHAPE', { featureCentroids: normal(3, 4, 1) }],
])('%s for what does not fit', (code, wrong) => {
  expect(() => measureInformation(given(wrong))).toThrow(expect.objectContaining({ code }));
});
