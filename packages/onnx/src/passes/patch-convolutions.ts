import type { OnnxGraph } from '../proto.ts';
import { type Rewriter, rewrite } from './rewriter.ts';

/** The image [batch, height, width, channels] whose patches, which do not overlap, are the rows of a matrix, and their side. */
function patchesOf(w: Rewriter, rows: string) {
  const swap = w.made(w.made(rows, 'Reshape')?.inputs[0], 'Transpose');
  const image = w.made(swap?.inputs[0], 'Reshape')?.inputs[0];
  const strips = swap && w.shape(swap.inputs[0]!);
  const [before, after] = [image && w.shape(image), w.shape(rows)];
  if (!swap || !image || !before || !strips || before.length !== 4) return undefined;
  if ((swap.attributes.perm as readonly number[]).join() !== '0,2,1,3') return undefined;
  const [, height, width, channels] = before as readonly number[];
  const size = strips[1] as number;
  const fits =
    height! % size === 0 &&
    strips.slice(1).join() === [size, width! / size, size * channels!].join() &&
    after?.[1] === size * size * channels!;
  return fits ? { image, size, channels: channels! } : undefined;
}

/** Products over patches that do not overlap are convolutions: one node, with the filter that the parameter is. */
export const patchConvolutions = (graph: OnnxGraph): OnnxGraph =>
  rewrite(graph, (node, w) => {
    if (node.op !== 'Gemm' || !node.attributes.transB) return false;
    const [rows, weight, bias] = node.inputs as [string, string, string | undefined];
    const patches = patchesOf(w, rows);
    const filters = w.shape(weight)?.[0];
    if (!patches || typeof filters !== 'number' || !w.isConstant(weight)) return false;
    const { image, size, channels } = patches;
    const window = w.node('Reshape', [weight, w.int64([filters, size, size, channels])]);
    const filter = w.node('Transpose', [window], { perm: [0, 3, 1, 2] });
    const x = w.node('Transpose', [image], { perm: [0, 3, 1, 2] });
    const inputs = bias === undefined ? [x, filter] : [x, filter, bias];
    const y = w.node('Conv', inputs, { kernel_shape: [size, size], strides: [size, size] });
    const last = w.node('Transpose', [y], { perm: [0, 2, 3, 1] });
    w.replace(node.outputs[0]!, w.node('Reshape', [last, w.int64([-1, filters])]));
    return true;
  });
