import { expect, test } from 'vitest';
import type { View } from './view.ts';
import { canvasPoint, sourcePoint } from './view-point.ts';

const plain: View = {
  source: { height: 60, width: 90 },
  scaled: { height: 120, width: 90 },
  canvas: { height: 64, width: 48 },
  top: 10,
  left: -4,
};

test.each<[Partial<View>, [number, number]]>([
  [{}, [2 * 20 - 10, 30 + 4]],
  [{ flipX: true }, [30, 48 - 34]],
  [{ flipY: true }, [64 - 30, 34]],
  [{ flipX: true, flipY: true }, [34, 14]],
  [{ top: 0, left: 0 }, [40, 30]],
])('the point (20, 30) with %j', (change, [y, x]) => {
  const view = { ...plain, ...change };
  expect(canvasPoint(20, 30, view)).toEqual([y, x]);
  expect(sourcePoint(y, x, view)).toEqual([20, 30]);
  const [row, column] = canvasPoint(...sourcePoint(12.5, 30.25, view), view);
  expect(row).toBeCloseTo(12.5, 9);
  expect(column).toBeCloseTo(30.25, 9);
});
