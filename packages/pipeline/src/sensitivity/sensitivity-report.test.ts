import { expect, test } from 'vitest';
import type { Sensitivity, SensitivityReport } from './measure-sensitivity.ts';
import { mostOfTheError } from './measure-sensitivity.ts';
import { sensitivityCharts, sensitivityReport } from './sensitivity-report.ts';

const part = (
  change: Sensitivity['change'],
  level: Sensitivity['level'],
  name: string,
  error: number,
  loss = 1,
): Sensitivity => ({ change, level, name, error, numbers: { loss, top1: 0.5 } });

const report: SensitivityReport = {
  model: 'vit',
  n: 10,
  whole: { loss: 1, top1: 0.6 },
  keep: 0.25,
  precision: 'int8',
  float: [],
  parts: [
    part('quantised', 'layer', 'blocks.0.mlp.fc1', 0.01),
    part('quantised', 'layer', 'blocks.1.mlp.fc1', 0.03),
    part('quantised', 'layer', 'head', 0.02),
    part('quantised', 'block', 'blocks.0', 0.5),
    part('pruned', 'layer', 'blocks.0.mlp.hidden', 0.1, 1.25),
    part('pruned', 'layer', 'blocks.1.mlp.hidden', 0.2, 1.5),
  ],
};

test('parts of one kind are a line, in their order', () => {
  const [quantised, pruned] = sensitivityCharts(report);
  expect(quantised!.title).toBe('One layer in int8');
  expect(quantised!.lines).toEqual([
    {
      name: 'blocks.*.mlp.fc1',
      points: [
        [1, 1],
        [2, 3],
      ],
    },
  ]);
  expect(pruned!.title).toBe('One dimension with 25 % of its channels');
  expect(pruned!.lines).toEqual([
    {
      name: 'blocks.*.mlp.hidden',
      points: [
        [1, 0.25],
        [2, 0.5],
      ],
    },
  ]);
});

test('the page has every part, against the whole model', () => {
  const html = sensitivityReport(report);
  for (const { name } of report.parts) expect(html).toContain(`<th scope="row">${name}</th>`);
  expect(html).toContain('on 10 images; whole: loss 1.0000, top-1 60.00 %');
  expect(html).toContain('<td>-10.00</td>');
});

test.each([
  // Squares 1, 9 and 4: one has more than half; 9, 8 and 8 need two.
  [[0.1, 0.3, 0.2], ['b']],
  [
    [3, Math.sqrt(8), Math.sqrt(8)],
    ['a', 'b'],
  ],
  [[0, 0, 0], []],
])('the layers with half of the squared error of %j', (errors, expected) => {
  const parts = errors.map((error, i) => part('quantised', 'layer', 'abc'[i]!, error));
  const others = [part('quantised', 'block', 'x', 9), part('pruned', 'layer', 'y', 9)];
  expect(mostOfTheError([...others, ...parts])).toEqual(expected);
});
