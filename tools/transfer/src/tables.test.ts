import { expect, test } from 'vitest';
import { toBits } from '../../experiments/src/bits.ts';
import { tables } from './tables.ts';

const right = (n: number) => toBits(Array.from({ length: 20 }, (_, i) => i < n));

const scratch = (n: number) => ({ numbers: { images: 20 }, right: { 'scratch x2': right(n) } });

const transferred = (n: number, compressed: number, pretrained: number) => ({
  numbers: {
    images: 20,
    'transferred: MACs': 200,
    'transferred, compressed: MACs': 98,
    'transferred: parameters': 50,
    'transferred, compressed: parameters': 20,
  },
  right: {
    transferred: right(n),
    'transferred, compressed': right(compressed),
    pretrained: right(pretrained),
  },
});

test('accuracies are means over the seeds, sizes shares of the whole model, differences paired', () => {
  const text = tables({
    settings: {},
    outcomes: {
      'A, images: scratch x2': { 0: scratch(8), 1: scratch(10) },
      'A, images: transferred': { 0: transferred(16, 14, 10), 1: transferred(16, 14, 10) },
      'B, images: scratch x2': { 0: scratch(8) },
    },
  });
  const rows = text.split('\n');
  expect(rows[2]).toBe(
    '| A, images | 20 | 2 |  | 45.0 ± 7.1 |  |  | 50.0 ± 0.0 | 80.0 ± 0.0 | 70.0 ± 0.0 | 49 | 40 |',
  );
  expect(rows[3]).toBe('| B, images | 20 | 1 |  | 40.0 ± 0.0 |  |  |  |  |  |  |  |');
  // 40 and 30 points: mean 35, s = 7.07, t_0.975 = 12.706 with one degree.
  expect(text).toContain('| transferred | scratch x2 | 80.0 | 45.0 | +35.0 [-28.5, +98.5] |');
  expect(text.match(/\| transferred \| pretrained \|/g)).toHaveLength(1);
});
