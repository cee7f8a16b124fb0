import { affineOp, layerNormOp, lookupOp, resampleOp, takeTokensOp } from '@kcr/core/internal';
import { lower } from './lowering.ts';
import { DATA_TYPES } from './proto.ts';

/* Core's ops that are no activation, norm by channel or reindexing, each as few good nodes. */

lower(affineOp, (b, { x, weight, bias }) => {
  const terms = bias ? [x, weight, bias] : [x, weight];
  return b.node(
    'Gemm',
    terms.map((term) => b.get(term)),
    { transB: 1 },
  );
});

lower(layerNormOp, (b, { x, gamma, beta }, { eps }) => {
  const [y, mean, invStd] = b.nodeOutputs(
    'LayerNormalization',
    [b.get(x), b.get(gamma), b.get(beta)],
    { axis: -1, epsilon: { float: eps } },
    { outputs: 3 },
  );
  return { y, mean, invStd };
});

lower(lookupOp, (b, { table }, { indices }) =>
  b.node('Gather', [b.get(table), b.int32(indices)], { axis: 0 }),
);

lower(resampleOp, (b, { x, matrix }, { transposed }) => {
  const weights = b.get(matrix);
  const left = transposed ? b.node('Transpose', [weights], { perm: [1, 0] }) : weights;
  return b.node('MatMul', [left, b.get(x)]);
});

lower(takeTokensOp, (b, { x, indices }) => {
  const index = b.node('Cast', [b.get(indices)], { to: DATA_TYPES.int64 });
  const rows = b.node('Unsqueeze', [index, b.int64([-1])]);
  return b.node('GatherND', [b.get(x), rows], { batch_dims: 1 });
});
