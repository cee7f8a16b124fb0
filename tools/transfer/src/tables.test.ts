import { expect, test } from 'vitest';
import { toBits } from '../../experiments/src/bits.ts';
import { tables } from './tables.ts';

const right = (n: number) => toBits(Array.from({ length: 20 }, (_, i) => i < n));

/** One seed: accuracies of the scratch models, then of the transferred ones. */
const outcome = (scratch: number, longer: number, transferred: number, pretrained?: number) => ({
  numbers: {
    images: 20,
    'transferred: MACs': 200,
    'transferred, compressed: MACs': 98,
    'transferred: parameters': 50,
    'transferred, compressed: parameters': 20,
  },
  right: {
    scratch: right(scratch),
    'scratch, longer': right(longer),
    'scratch, longer, compressed': right(longer - 1),
    transferred: right(transferred),
    'transferred, compressed': right(transferred - 2),
    ...(pretrained === undefined ? {} : { pretrained: right(pretrained) }),
  },
});

test('accuracies are means over the seeds, sizes shares of the whole model, differences paired', () => {
  const text = tables({
    settings: {},
    outcomes: {
      'A, images': { 0: outcome(4, 8, 16, 10), 1: outcome(4, 10, 16, 10) },
      'B, images': { 0: outcome(4, 8, 16) },
    },
  });
  const rows = text.split('\n');
  expect(rows[2]).toBe(
    '| A, images | 20 | 2 | 20.0 ± 0.0 | 45.0 ± 7.1 | 40.0 ± 7.1 | 50.0 ± 0.0 | 80.0 ± 0.0 | 70.0 ± 0.0 | 49 | 40 |',
  );
  expect(rows[3]).toContain('| 40.0 ± 0.0 | 35.0 ± 0.0 |  | 80.0 ± 0.0 |');
  // 40 and 30 points: mean 35, s = 7.07, t_0.975 = 12.706 with one degree.
  expect(text).toContain('| transferred | scratch, longer | 80.0 | 45.0 | +35.0 [-28.5, +98.5] |');
  expect(text.match(/\| transferred \| pretrained \|/g)).toHaveLength(1);
});
