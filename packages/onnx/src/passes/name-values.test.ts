import { expect, test } from 'vitest';
import { constantWaves, graphOf, unchanged } from '../testing/graphs.ts';
import { nameValues } from './name-values.ts';

test('nodes, values and constants are named after where they belong', async () => {
  const graph = graphOf({ x: ['batch', 3] }, (b) => {
    b.path = 'blocks.0.fc';
    const product = b.node('MatMul', ['x', constantWaves(b, [3, 3])]);
    const second = b.node('MatMul', [product, constantWaves(b, [3, 3], 2)]);
    b.path = 'blocks.0';
    const [low] = b.nodeOutputs('Split', [second, b.int64([1, 2])], { axis: 1 }, { outputs: 2 });
    b.path = undefined;
    return { y: b.node('Add', [low!, constantWaves(b, [20, 3])].slice(0, 1).concat('x')) };
  });
  const [first, second, ...rest] = graph.initializers;
  const parameter = 'blocks.0.fc.weight';
  const initializers = [{ ...first!, parameter }, { ...second!, parameter }, ...rest];
  const named = await unchanged({ ...graph, initializers }, nameValues);
  expect(named.nodes.map(({ name, outputs }) => [name, outputs])).toEqual([
    ['blocks.0.fc/MatMul', ['blocks.0.fc/MatMul']],
    ['blocks.0.fc/MatMul_1', ['blocks.0.fc/MatMul_1']],
    ['blocks.0/Split', ['blocks.0/Split/0', 'blocks.0/Split/1']],
    ['Add', ['Add']],
    ['Identity', ['y']],
  ]);
  expect(named.initializers.slice(0, 3).map(({ name }) => name)).toEqual([
    parameter,
    `${parameter}_1`,
    'int64 [1, 2]',
  ]);
});

test('a constant that nothing says is named after its reader', () => {
  const graph = graphOf({ x: ['batch', 9] }, (b) => ({
    y: b.node('Mul', ['x', constantWaves(b, [9])]),
  }));
  expect(nameValues(graph).initializers.map(({ name }) => name)).toEqual(['Mul/constant']);
});
