import type { OnnxGraph } from '../proto.ts';
import { UNARY } from './elementwise-ops.ts';
import { rewrite } from './rewriter.ts';

/** Ops of single values are computed before a reshape, not behind it, so that it meets the next one (`mergeReshapes`). */
export const lateReshapes = (graph: OnnxGraph): OnnxGraph =>
  rewrite(graph, (node, w) => {
    const { op, inputs, outputs, attributes } = node;
    const reshape = UNARY.has(op) ? w.made(inputs[0], 'Reshape') : undefined;
    if (!reshape || w.uses(inputs[0]!) !== 1) return false;
    const y = w.node(op, [reshape.inputs[0]!, ...inputs.slice(1)], attributes);
    w.replace(outputs[0]!, w.node('Reshape', [y, reshape.inputs[1]!]));
    return true;
  });
