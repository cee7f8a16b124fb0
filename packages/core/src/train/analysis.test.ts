import { expect, test } from 'vitest';
import { float32 } from '../ground/array.ts';
import { type AnalysisContext, defineAnalysis } from './analysis.ts';

/** The example of {@link defineAnalysis}, with a power. */
const featureScale = defineAnalysis({
  name: 'feature-scale',
  contract: 1,
  columns: [{ number: 'scale', title: 'mean |f|' }],
  measure:
    ({ power }: { power: number }) =>
    async ({ features }) => {
      const { data } = await features();
      const sum = Array.from(data).reduce((total, x) => total + Math.abs(x) ** power, 0);
      return { numbers: { scale: sum / data.length } };
    },
});

test('an analysis says its name, options and columns, and measures with its options', async () => {
  const context = { features: async () => float32([2, 2], [1, -2, 3, 0]) } as AnalysisContext;
  const [absolute, squares] = [featureScale({ power: 1 }), featureScale({ power: 2 })];
  expect(squares).toMatchObject({
    name: 'feature-scale',
    options: { power: 2 },
    columns: [{ number: 'scale', title: 'mean |f|' }],
  });
  expect(await absolute.measure(context)).toEqual({ numbers: { scale: 1.5 } });
  expect(await squares.measure(context)).toEqual({ numbers: { scale: 3.5 } });
});
