import { expect, test } from 'vitest';
import { graphMemory } from './graph-memory.ts';
import { graphOf } from './testing/graphs.ts';

/** Bytes of the values between, for an input of 100 numbers. */
const between = (write: Parameters<typeof graphOf>[1]) =>
  graphMemory(graphOf({ x: [10, 10] }, write)).between;

test('what the caller gives and gets, and constants, are counted by themselves', () => {
  const graph = graphOf({ x: [10, 10], y: [10, 1] }, (b) => ({
    sum: b.node('Add', ['x', b.initializer('float32', [10], new Float32Array(10))]),
  }));
  const sized = { ...graph, outputs: graph.outputs.map((port) => ({ ...port, shape: [10, 10] })) };
  const memory = graphMemory(sized);
  expect(Object.fromEntries(memory.inputs)).toEqual({ x: 400, y: 40 });
  expect(Object.fromEntries(memory.outputs)).toEqual({ sum: 400 });
  expect(memory.constants).toBe(40);
});

test('a value lives until the last node that reads it', () => {
  // Each transpose is one of 400 bytes, and takes the place of none.
  const turned = (n: number) => (b: Parameters<Parameters<typeof graphOf>[1]>[0]) => {
    let value = 'x';
    for (let i = 0; i < n; i++) value = b.node('Transpose', [value], { perm: [1, 0] });
    return { out: value };
  };
  expect(between(turned(1))).toBe(400);
  expect(between(turned(2))).toBe(800);
  expect(between(turned(5))).toBe(800);
  expect(
    between((b) => {
      const first = b.node('Transpose', ['x'], { perm: [1, 0] });
      let value = first;
      for (let i = 0; i < 3; i++) value = b.node('Transpose', [value], { perm: [1, 0] });
      return { out: b.node('MatMul', [first, value]) };
    }),
    // The first, and two at a time; at the end the product beside both.
  ).toBe(1200);
});

test('what only one node reads is written over by a node that can', () => {
  expect(
    between((b) => ({
      out: b.node('Exp', [b.node('Neg', [b.node('Transpose', ['x'], { perm: [1, 0] })])]),
    })),
  ).toBe(400);
  // Not the caller's.
  expect(between((b) => ({ out: b.node('Neg', ['x']) }))).toBe(400);
  // Not what is read again, nor what is larger.
  expect(
    between((b) => {
      const turned = b.node('Transpose', ['x'], { perm: [1, 0] });
      return { out: b.node('Add', [b.node('Neg', [turned]), turned]) };
    }),
  ).toBe(800);
  expect(
    between((b) => {
      const sum = b.node('ReduceSum', ['x', b.int64([1])], { keepdims: 1 });
      return { out: b.node('Add', [sum, 'x']) };
    }),
  ).toBe(440);
});

test('another shape of a value takes nothing', () => {
  expect(
    between((b) => ({
      out: b.node('Neg', [b.reshape(b.node('Transpose', ['x'], { perm: [1, 0] }), [100])]),
    })),
  ).toBe(400);
  expect(between((b) => ({ out: b.node('Transpose', [b.reshape('x', [5, 20])]) }))).toBe(400);
});

test('memory that is free goes to the next value of its shape, and is kept until then', () => {
  // 400 bytes of the first and the last value beside the 2000 of the one in between, and its sum's 40.
  expect(
    between((b) => {
      const turned = b.node('Transpose', ['x'], { perm: [1, 0] });
      const sum = b.node('ReduceSum', [turned, b.int64([1])], { keepdims: 1 });
      const wide = b.node('Expand', [sum, b.int64([10, 50])]);
      const again = b.node('ReduceSum', [wide, b.int64([1])], { keepdims: 1 });
      return { out: b.node('Neg', [b.node('Expand', [again, b.int64([10, 10])])]) };
    }),
  ).toBe(2440);
});

test('the allocator takes whole pieces of its regions', () => {
  const { between, arena } = graphMemory(
    graphOf({ x: [1024, 1024] }, (b) => {
      const turned = b.node('Transpose', ['x'], { perm: [1, 0] });
      return { out: b.node('Transpose', [turned], { perm: [1, 0] }) };
    }),
  );
  expect(between).toBe(2 * 2 ** 22);
  expect(arena).toBeGreaterThan(between);
  expect(arena).toBeLessThan(1.1 * between);
});

test('of what depends on values the most is counted', () => {
  const places = (b: Parameters<Parameters<typeof graphOf>[1]>[0]) =>
    b.reshape(b.node('NonZero', ['x']), [-1]);
  // Two numbers of 64 bits for each of 100.
  expect(between((b) => ({ out: places(b) }))).toBe(1600);
  // A row of ten numbers for each.
  expect(between((b) => ({ out: b.node('Gather', ['x', places(b)]) }))).toBe(1600 + 8000);
});
