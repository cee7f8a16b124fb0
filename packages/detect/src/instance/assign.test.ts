import {
  createEagerEngine,
  type Engine,
  float32,
  Generator,
  int32,
  type Tensor,
  tf,
} from '@kcr/core';
import { createOnnxEngine } from '@kcr/onnx';
import { describe, expect, test } from 'vitest';
import { nms } from '../boxes/nms.ts';
import { nmsMask } from '../boxes/nms-mask.ts';
import { assign } from './assign.ts';
import { hardest, sample } from './sampling.ts';

const engines: Record<string, () => Promise<Engine>> = {
  onnx: async () => createOnnxEngine(),
  eager: () => createEagerEngine({ backend: 'wasm' }),
};

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
  const run = async (
    op: (inputs: Record<string, Tensor>) => Record<string, Tensor>,
    inputs: Parameters<Awaited<ReturnType<Engine['compile']>>>[0],
  ) => {
    const engine = await makeEngine();
    const out = await engine.compile('op', ({ inputs: named }) => ({ outputs: op(named) }))(inputs);
    await engine.dispose();
    return out;
  };

  test.each([false, true])('each box finds its object, its best ones too: %s', async (best) => {
    const out = await run((inputs) => {
      const truth = { boxes: inputs.objects!, labels: inputs.labels! };
      return { ...assign(inputs.boxes!, truth, { positive: 0.5, negative: 0.2, best }) };
    }, given);
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

  test.each([
    [10, 0.5, [7, 20]],
    [10, 0.5, [3, 20]],
    [10, 0.5, [0, 20]],
    [30, 0.25, [7, 12]],
  ] as const)('a sample of %i with at most %d positive, of %j', async (count, share, [p, n]) => {
    const positive = Array.from({ length: N }, (__, i) => (i < p ? 1 : 0));
    const negative = Array.from({ length: N }, (__, i) => (i >= p && i < p + n ? 1 : 0));
    const out = await run(
      (inputs) =>
        sample({ positive: inputs.positive!, negative: inputs.negative! }, inputs.noise!, {
          count,
          positiveShare: share,
        }),
      {
        positive: float32([1, N], positive),
        negative: float32([1, N], negative),
        noise: float32([1, N], new Generator(1).array(N, 'uniform')),
      },
    );
    const sum = (data: ArrayLike<number>) => Array.from(data).reduce((a, b) => a + b);
    const positives = Math.min(p, count * share);
    expect(sum(out.positive!.data)).toBe(Math.floor(positives));
    expect(sum(out.negative!.data)).toBe(Math.min(n, count - Math.floor(positives)));
    out.positive!.data.forEach((x, i) => expect(x).toBeLessThanOrEqual(positive[i]!));
    out.negative!.data.forEach((x, i) => expect(x).toBeLessThanOrEqual(negative[i]!));
  });

  test('the hardest are the largest, none where none are asked for', async () => {
    const values = float32([3, 5], [1, 5, 0, 3, 2, 0, 0, 7, 0, 0, 4, 3, 2, 1, 6]);
    const count = float32([3, 1], [2, 4, 0]);
    const out = await run((inputs) => ({ y: hardest(inputs.values!, inputs.count!) }), {
      values,
      count,
    });
    expect([...out.y!.data]).toEqual([0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('suppression in a step is suppression; scores of 0 are no boxes', async () => {
    const scores = [...new Generator(2).array(BATCH * N, 'uniform')].map((x, i) =>
      i % 5 === 0 ? 0 : x,
    );
    const out = await run((inputs) => ({ y: nmsMask(inputs.boxes!, inputs.scores!, 0.3) }), {
      boxes: given.boxes,
      scores: float32([BATCH, N], scores),
    });
    for (let image = 0; image < BATCH; image++) {
      const used = [...Array(N).keys()].filter((i) => scores[image * N + i]! > 0);
      const own = float32(
        [used.length, 4],
        used.flatMap((i) => boxes[image]![i]!),
      );
      const kept = nms(
        own,
        used.map((i) => Math.fround(scores[image * N + i]!)),
        0.3,
      );
      const expected = new Set([...kept].map((i) => used[i]!));
      for (let i = 0; i < N; i++) expect(out.y!.data[image * N + i]).toBe(expected.has(i) ? 1 : 0);
    }
    expect(tf.memory().numTensors).toBeLessThan(1000);
  });
});
