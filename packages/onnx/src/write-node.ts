import { KcrError, type Node, type Value } from '@kcr/core';
import './activations.ts';
import './batch-norm.ts';
import type { OnnxBuilder } from './builder.ts';
import { kernelLowerings } from './kernels.ts';
import { loweringOf } from './lowering.ts';
import './ops.ts';
import './reindex.ts';

type Names = string | readonly string[] | Readonly<Record<string, string>> | undefined;

/** A lowering whose inputs and attributes are those of the node at hand. */
type Lowering = (b: OnnxBuilder, ...node: readonly unknown[]) => Names;

/** Writes a node into the builder. @throws KcrError `ONNX_KERNEL` */
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
  const nameOf = (i: number) => {
    if (typeof names !== 'object') return names;
    const key = op ? op.outputs[i] : i;
    return (names as Readonly<Record<string, string>>)[key as string];
  };
  outputs.forEach((value, i) => {
    if (!b.isBound(value)) b.bind(value, nameOf(i) as string);
  });
}
