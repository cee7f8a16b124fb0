import { KcrError, type Node, type Value } from '@kcr/core';
import './activations.ts';
import './batch-norm.ts';
import type { OnnxBuilder } from './builder.ts';
import { kernelLowerings } from './kernels.ts';
import './lookup-gradient.ts';
import { loweringOf } from './lowering.ts';
import './ops.ts';
import './reindex.ts';

type Names = string | readonly string[] | Readonly<Record<string, string>> | undefined;

/** A lowering whose inputs and attributes are those of the node at hand. */
type Lowering = (b: OnnxBuilder, ...node: readonly unknown[]) => Names;

/** Writes a node into the builder. @throws KcrError `ONNX_KERNEL`, `ONNX_LOWERING` */
export function writeNode(b: OnnxBuilder, { kernel, op, inputs, attrs, outputs }: Node): void {
  const lowering = (op ? loweringOf(op) : kernelLowerings[kernel]) as Lowering | undefined;
  if (!lowering)
    throw new KcrError('ONNX_KERNEL', {
      where: `graph node ${kernel}`,
      found: 'a kernel that has no ONNX form here',
      fix: 'Write it with other ops, or run this step on the eager engine',
    });
  const byName = op && Object.fromEntries(op.outputs.map((name, i) => [name, outputs[i] as Value]));
  const names = lowering(b, inputs, attrs, byName ?? outputs);
  const nameOf = (i: number): string | undefined => {
    if (typeof names !== 'object') return i === 0 ? names : undefined;
    const key = op ? op.outputs[i] : i;
    return (names as Readonly<Record<string, string>>)[key as string];
  };
  outputs.forEach((value, i) => {
    if (b.isBound(value)) return;
    const name = nameOf(i);
    if (typeof name !== 'string')
      throw new KcrError('ONNX_LOWERING', {
        where: `graph node ${kernel}`,
        found: `no name for its output ${op?.outputs[i] ?? i}`,
        fix: 'Return the name of every output from the lowering',
      });
    b.bind(value, name);
  });
}
