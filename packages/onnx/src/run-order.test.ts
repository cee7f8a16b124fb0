import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { encodeModel, type OnnxNode } from './proto.ts';
import { runOrder } from './run-order.ts';
import { openSession } from './session.ts';

const node = (op: string, inputs: string[], output: string): OnnxNode => ({
  op,
  name: output,
  domain: '',
  inputs,
  outputs: [output],
  attributes: {},
});

/** Two results; the first needs what is made late, and a value that both need. */
const nodes = [
  node('Sin', ['x'], 'a'),
  node('Cos', ['a'], 'b'),
  node('Tan', ['a'], 'c'),
  node('Add', ['b', 'c'], 'first'),
  node('Atan', ['c'], 'd'),
  node('Sinh', ['x'], 'e'),
  node('Mul', ['e', 'd'], 'f'),
  node('Sub', ['d', 'f'], 'second'),
];

/** The order in which ONNX Runtime itself runs nodes, by their names. */
async function profiled(): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'run-order-'));
  try {
    const port = (name: string) => ({ name, dtype: 'float32' as const, shape: [4] });
    const bytes = encodeModel({
      name: 'order',
      nodes,
      initializers: [],
      inputs: [port('x')],
      outputs: [port('first'), port('second')],
    });
    await using session = await openSession(bytes, {
      graphOptimizationLevel: 'disabled',
      executionMode: 'sequential',
      enableProfiling: true,
      profileFilePrefix: join(folder, 'profile'),
    });
    await session.run({ x: new ort.Tensor('float32', new Float32Array(4), [4]) });
    session.endProfiling();
    const [file] = await readdir(folder);
    const events: { cat: string; name: string }[] = JSON.parse(
      await readFile(join(folder, file!), 'utf8'),
    );
    const end = '_kernel_time';
    return events.flatMap(({ cat, name }) =>
      cat === 'Node' && name.endsWith(end) ? [name.slice(0, -end.length)] : [],
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

test('nodes are run backwards from the last result', async () => {
  const order = runOrder(nodes).map(({ outputs }) => outputs[0]!);
  expect(order).toEqual(['e', 'a', 'c', 'd', 'f', 'second', 'b', 'first']);
  expect(order).toEqual(await profiled());
});
