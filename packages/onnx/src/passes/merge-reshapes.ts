import type { OnnxGraph } from '../proto.ts';
import { type Rewriter, rewrite } from './rewriter.ts';

/** What reshapes alone have made of an array, as it was before them. */
function sourceOf(w: Rewriter, name: string): string {
  const node = ['Reshape', 'Squeeze', 'Unsqueeze'].map((op) => w.made(name, op)).find(Boolean);
  return node ? sourceOf(w, node.inputs[0]!) : name;
}

/** Reshapes of reshapes become one, and those to the shape that is there none. */
export const mergeReshapes = (graph: OnnxGraph): OnnxGraph =>
  rewrite(graph, (node, w) => {
    if (node.op !== 'Reshape') return false;
    const [x, target] = node.inputs as [string, string];
    // A 0 would copy the size of the array before.
    if (w.ints(target)?.includes(0)) return false;
    const source = sourceOf(w, x);
    w.copy({ ...node, inputs: [source, target] });
    const [before, after] = [w.shape(source), w.shape(node.outputs[0]!)];
    if (before && before.join() === after?.join()) w.replace(node.outputs[0]!, source);
    return true;
  });
