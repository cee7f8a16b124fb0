import { float32, Generator, int32 } from '@kcr/core';
import { describe, expect, test } from 'vitest';
import { engines, runOn } from '../testing.ts';
import { assign } from './assign.ts';

const [BATCH, N, OBJECTS] = [2, 40, 3];
const generator = new Generator(8);

/** Random boxes in 32 x 32 pixels. */
function randomBoxes(count: number): number[][] {
  return Array.from({ length: count }, () => {
    const [x, y] = [24 * generator.uniform(), 24 * generator.uniform()];
    return [x, y, x + 3 + 8 * generator.uniform(), y + 3 + 8 * generator.uniform()].map(
      Math.fround,
    );
  });
}
const boxes = Array.from({ length: BATCH }, () => randomBoxes(N));
const objects = Array.from({ length: BATCH }, () => randomBoxes(OBJECTS));
// The second image has one object; some boxes fit closely.
const labels = [
  [1, 0, 2],
  [1, -1, -1],
];
boxes.forEach((own, image) => {
  objects[image]!.forEach((object, i) => {
    own[i] = object.map((x) => Math.fround(x + 0.3));
  });
});

function iouOf([a, b, c, d]: readonly number[], [e, f, g, h]: readonly number[]): number {
  const width = Math.max(Math.min(c!, g!) - Math.max(a!, e!), 0);
  const height = Math.max(Math.min(d!, h!) - Math.max(b!, f!), 0);
  const common = width * height;
  return common / ((c! - a!) * (d! - b!) + (g! - e!) * (h! - f!) - common);
}

const given = {
  boxes: float32([BATCH, N, 4], boxes.flat(2)),
  objects: float32([BATCH, OBJECTS, 4], objects.flat(2)),
  labels: int32([BATCH, OBJECTS], labels.flat()),
};

describe.each(Object.entries(engines))('on %s', (_, makeEngine) => {
  test.each([false, true])('each box finds its object, its best ones too: %s', async (best) => {
    const out = await runOn(
      makeEngine,
      (inputs) => {
        const truth = { boxes: inputs.objects!, labels: inputs.labels! };
        return { ...assign(inputs.boxes!, truth, { positive: 0.5, negative: 0.2, best }) };
      },
      given,
    );
    for (let image = 0; image < BATCH; image++) {
      const table = boxes[image]!.map((box) =>
        objects[image]!.map((object, i) => (labels[image]![i]! < 0 ? 0 : iouOf(box, object))),
      );
      const ofObject = objects[image]!.map((__, i) => Math.max(...table.map((row) => row[i]!)));
      table.forEach((row, n) => {
        const most = Math.max(...row);
        const object = row.indexOf(most);
        const closest = row.some((iou, i) => iou > 0 && Math.abs(iou - ofObject[i]!) < 1e-7);
        const positive = most >= 0.5 || (best && closest);
        const at = image * N + n;
        expect(out.positive!.data[at]).toBe(positive ? 1 : 0);
        expect(out.negative!.data[at]).toBe(!positive && most < 0.2 ? 1 : 0);
        expect(out.labels!.data[at]).toBe(positive ? labels[image]![object]! : -1);
        const expected = positive ? objects[image]![object]! : boxes[image]![n]!;
        const found = [...out.boxes!.data.slice(4 * at, 4 * at + 4)];
        found.forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 5));
      });
    }
  });
});
