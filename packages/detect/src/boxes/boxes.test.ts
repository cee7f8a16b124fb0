import { fileURLToPath } from 'node:url';
import {
  createEagerEngine,
  type Engine,
  type NdArray,
  readSafetensors,
  type Tensor,
} from '@kcr/core';
import { createOnnxEngine } from '@kcr/onnx';
import { describe, expect, test } from 'vitest';
import { anchorBoxes } from './anchors.ts';
import { decodeBoxes, encodeBoxes } from './box-coding.ts';
import { boxIou, clipBoxes } from './boxes.ts';
import { nms } from './nms.ts';

/** torchvision's values. */
const path = fileURLToPath(new URL('../../fixtures/detection_ops.safetensors', import.meta.url));
const { tensors } = await readSafetensors(path);
const of = (name: string) => tensors[name] as NdArray;

const engines: Record<string, () => Promise<Engine>> = {
  onnx: async () => createOnnxEngine(),
  eager: () => createEagerEngine({ backend: 'wasm' }),
};

function expectClose(found: NdArray, expected: NdArray, relative: number): void {
  expect(found.shape).toEqual(expected.shape);
  expected.data.forEach((x, i) =>
    expect(Math.abs(found.data[i]! - x)).toBeLessThanOrEqual(relative * Math.max(Math.abs(x), 1)),
  );
}

describe.each(Object.entries(engines))('on %s', (_, makeEngine) => {
  const run = async (
    op: (inputs: Record<string, Tensor>) => Tensor,
    given: Record<string, NdArray>,
  ) => {
    const engine = await makeEngine();
    const step = engine.compile('boxes', ({ inputs }) => ({ outputs: { y: op(inputs) } }));
    const { y } = await step(given);
    await engine.dispose();
    return y!;
  };
  const [reference, proposals] = [of('box.reference'), of('box.proposals')];

  test("IoU, coding and decoding are torchvision's", async () => {
    const iou = await run(({ a, b }) => boxIou(a!, b!), { a: reference, b: proposals });
    expectClose(iou, of('box.iou'), 1e-5);
    const weights = [10, 10, 5, 5] as const;
    const deltas = await run(({ a, b }) => encodeBoxes(a!, b!, weights), {
      a: reference,
      b: proposals,
    });
    expectClose(deltas, of('box.deltas'), 1e-5);
    const decoded = await run(({ a, b }) => decodeBoxes(a!, b!, weights), {
      a: of('box.deltas'),
      b: proposals,
    });
    expectClose(decoded, of('box.decoded'), 1e-5);
  });

  test('decoding undoes coding, and growth has a limit', async () => {
    const again = await run(({ a, b }) => decodeBoxes(encodeBoxes(a!, b!), b!), {
      a: reference,
      b: proposals,
    });
    expectClose(again, reference, 1e-4);
    const huge = { ...proposals, data: new Float32Array(proposals.data.length).fill(50) };
    const grown = await run(({ a, b }) => decodeBoxes(a!, b!), { a: huge, b: proposals });
    expect(
      (grown.data[2]! - grown.data[0]!) / (proposals.data[2]! - proposals.data[0]!),
    ).toBeCloseTo(62.5, 2);
  });

  test('clipped boxes lie in the image', async () => {
    const { data } = await run(({ a }) => clipBoxes(a!, 60, 50), { a: reference });
    reference.data.forEach((x, i) =>
      expect(data[i]).toBe(Math.min(Math.max(x, 0), i % 2 === 0 ? 50 : 60)),
    );
  });
});

test("anchors are torchvision's", () => {
  const level = (stride: number, size: number) => ({
    height: 128 / stride,
    width: 160 / stride,
    sizes: [size],
    stride: [stride, stride] as const,
  });
  const found = anchorBoxes([level(8, 32), level(16, 64), level(32, 128)], [0.5, 1, 2]);
  expect(found).toEqual(of('anchors.sizes32_64_128.ratios0.5_1_2.image128x160.strides8_16_32'));
});

test("non-maximum suppression is torchvision's, also by label", () => {
  const [boxes, scores] = [of('nms.boxes'), of('nms.scores').data];
  for (const threshold of [0.3, 0.5])
    expect(nms(boxes, scores, threshold)).toEqual(of(`nms.keep.${threshold}`).data);
  expect(nms(boxes, scores, 0.5, of('nms.labels').data)).toEqual(of('nms.batched.0.5').data);
  expect(nms(boxes, scores, 1)).toHaveLength(scores.length);
  expect(() => nms(boxes, [1], 0.5)).toThrow(expect.objectContaining({ code: 'SHAPE_MISMATCH' }));
});
