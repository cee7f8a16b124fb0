import { type NdArray, sizeOf } from '@kcr/core';
import * as ort from 'onnxruntime-node';
import { expect } from 'vitest';
import { OnnxBuilder } from '../builder.ts';
import type { Pass } from '../passes/rewriter.ts';
import { encodeModel, type OnnxGraph } from '../proto.ts';
import { openSession } from '../session.ts';
import { type Size, sizeAt } from '../sizes.ts';

/** A graph of float32 inputs that is written by hand; the shapes of its outputs are not said. */
export function graphOf(
  inputs: Readonly<Record<string, readonly Size[]>>,
  write: (b: OnnxBuilder) => Readonly<Record<string, string>>,
): OnnxGraph {
  const b = new OnnxBuilder('onnx');
  const outputs = write(b);
  const names = Object.entries(outputs);
  const identities = names.map(([name, value]) => ({
    op: 'Identity',
    domain: '',
    inputs: [value],
    outputs: [name],
    attributes: {},
  }));
  for (const node of identities) b.add(node);
  return {
    name: 'test',
    nodes: b.finish(Object.keys(outputs)),
    initializers: b.initializers,
    inputs: Object.entries(inputs).map(([name, shape]) => ({ name, dtype: 'float32', shape })),
    outputs: names.map(([name]) => ({ name, dtype: 'float32', shape: [] })),
  };
}

/** Numbers that differ, in -1..1. */
export const waves = (shape: readonly number[], phase = 0): NdArray => ({
  dtype: 'float32',
  shape,
  data: new Float32Array(sizeOf(shape)).map((_, i) => Math.sin(1.7 * i + phase)),
});

/** A constant of {@link waves}. */
export const constantWaves = (b: OnnxBuilder, shape: readonly number[], phase = 1): string =>
  b.initializer('float32', shape, waves(shape, phase).data as Float32Array);

/** Runs a graph over {@link waves}, for a size of the batch, as it is written. */
export async function runGraph(graph: OnnxGraph, batch = 2) {
  await using session = await openSession(encodeModel(graph), {
    logSeverityLevel: 4,
    graphOptimizationLevel: 'disabled',
  });
  const feeds = graph.inputs.map(({ name, shape }, i) => {
    const { data, shape: dims } = waves(
      shape.map((size) => sizeAt(size, batch)),
      i,
    );
    return [name, new ort.Tensor('float32', data as Float32Array, [...dims])] as const;
  });
  return await session.run(Object.fromEntries(feeds));
}

/** What is left of a graph's nodes by a pass, without those that give the outputs their names. */
export async function opsAfter(graph: OnnxGraph, pass: Pass): Promise<string[]> {
  const { nodes } = await pass(graph);
  return nodes.map(({ op }) => op).filter((op) => op !== 'Identity');
}

/** Checks that a pass leaves what a graph computes, to rounding, for two sizes of the batch, and gives the new graph. */
export async function unchanged(graph: OnnxGraph, pass: Pass): Promise<OnnxGraph> {
  const changed = await pass(graph);
  for (const batch of [1, 3]) {
    const [before, after] = [await runGraph(graph, batch), await runGraph(changed, batch)];
    for (const [name, { dims, data }] of Object.entries(before)) {
      expect(after[name]!.dims).toEqual(dims);
      const found = after[name]!.data as Float32Array;
      (data as Float32Array).forEach((x, i) => expect(found[i]).toBeCloseTo(x, 5));
    }
  }
  return changed;
}
