import { expect, test } from 'vitest';
import { constantWaves, graphOf, unchanged } from '../testing/graphs.ts';
import { dropUnused } from './drop-unused.ts';

test('statistics that nothing reads go, and so does what only they needed', async () => {
  const graph = graphOf({ x: ['batch', 4] }, (b) => {
    const [gamma, beta] = [constantWaves(b, [4]), constantWaves(b, [4], 2)];
    const [y] = b.nodeOutputs(
      'LayerNormalization',
      ['x', gamma, beta],
      { axis: -1 },
      { outputs: 3 },
    );
    return { y: y! };
  });
  const spare = { ...graph.initializers[0]!, name: 'spare' };
  const extra = { op: 'Neg', domain: '', inputs: ['spare'], outputs: ['none'], attributes: {} };
  const whole = {
    ...graph,
    nodes: [extra, ...graph.nodes],
    initializers: [...graph.initializers, spare],
  };
  const { nodes, initializers } = await unchanged(whole, dropUnused);
  expect(nodes.map(({ op, outputs }) => [op, outputs.length])).toEqual([
    ['LayerNormalization', 1],
    ['Identity', 1],
  ]);
  expect(initializers).toEqual(graph.initializers);
});

test('outputs that an op must have stay', async () => {
  const graph = graphOf({ x: ['batch', 4] }, (b) => {
    const [values] = b.nodeOutputs('TopK', ['x', b.int64([2])], { axis: -1 }, { outputs: 2 });
    const [half] = b.nodeOutputs('Split', ['x', b.int64([2, 2])], { axis: 1 }, { outputs: 2 });
    return { values: values!, half: half! };
  });
  const { nodes } = await unchanged(graph, dropUnused);
  expect(nodes.slice(0, 2).map(({ outputs }) => outputs.length)).toEqual([2, 2]);
});
