import { defineOp, type Node, type Tensor, tf, type Value } from '@kcr/core';
import { trace } from '@kcr/core/internal';
import { expect, test } from 'vitest';
import { OnnxBuilder } from './builder.ts';
import { lower } from './lowering.ts';
import { writeNode } from './write-node.ts';

/** The one node of a function of x [2]. */
function nodeOf(run: (x: Tensor) => Tensor): { node: Node; x: Value } {
  const { nodes, inputs } = trace(({ input }) => ({ y: run(input('x', [2])) }));
  return { node: nodes.at(-1)!, x: inputs.x! };
}

test('a kernel is written by its own rule, and its output has a name', () => {
  const { node, x } = nodeOf((value) => tf.abs(value));
  const b = new OnnxBuilder('cpu');
  b.bind(x, 'x');
  writeNode(b, node);
  const [y] = node.outputs;
  expect(b.isBound(y!)).toBe(true);
  expect(b.finish([b.get(y!)])).toEqual([
    { op: 'Abs', domain: '', inputs: ['x'], outputs: [b.get(y!)], attributes: {} },
  ]);
});

test('ONNX_KERNEL for a kernel without one', () => {
  const { node, x } = nodeOf((value) => tf.abs(value));
  const b = new OnnxBuilder('cpu');
  b.bind(x, 'x');
  expect(() => writeNode(b, { ...node, kernel: 'Unheard' })).toThrow(
    expect.objectContaining({ code: 'ONNX_KERNEL', where: 'graph node Unheard' }),
  );
});

const halves = defineOp({
  name: 'Halves',
  inputs: ['x'],
  outputs: ['low', 'high'],
  compute: ({ x }) => ({ low: tf.mul(x, 0.5), high: tf.mul(x, 2) }),
});

test('outputs of an op are bound by their names, in any order', () => {
  lower(halves, (b, { x }) => ({
    high: b.node('Add', [b.get(x), b.get(x)]),
    low: b.node('Mul', [b.get(x), b.scalar(0.5)]),
  }));
  const { node, x } = nodeOf((value) => halves({ x: value }).low);
  const b = new OnnxBuilder('cpu');
  b.bind(x, 'x');
  writeNode(b, node);
  const opOf = (i: number) => b.finish([b.get(node.outputs[i]!)]).at(-1)!.op;
  expect([opOf(0), opOf(1)]).toEqual(['Mul', 'Add']);
});

test('ONNX_LOWERING for an output that is left out, by its name', () => {
  lower(halves, ((b: OnnxBuilder, { x }: { x: Value }) => ({
    low: b.node('Neg', [b.get(x)]),
  })) as never);
  const { node, x } = nodeOf((value) => halves({ x: value }).low);
  const b = new OnnxBuilder('cpu');
  b.bind(x, 'x');
  expect(() => writeNode(b, node)).toThrow(
    expect.objectContaining({ code: 'ONNX_LOWERING', found: 'no name for its output high' }),
  );
});
