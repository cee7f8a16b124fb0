import { KcrError } from '../ground/error.ts';
import { type Tensor, tf } from '../tensor/tf.ts';
import { defineOp } from './op.ts';

export const allGatherOp = defineOp({
  name: 'AllGather',
  inputs: ['x'],
  collective: true,
  compute: ({ x }, { processes }: { processes: number }) => {
    if (processes === 1) return tf.expandDims(x, 0);
    throw new KcrError('ENGINE_EXCHANGE', {
      where: `a step of ${processes} processes`,
      found: 'an engine that exchanges nothing while a step runs',
      fix: 'Use the onnx engine, or train without `syncBatchNorm`',
    });
  },
  shapes: ({ x }, { processes }) => ({ shape: [processes, ...x.shape], dtype: x.dtype }),
});

/**
 * What each of the processes that run a step together has, in the order of their ranks; the step says who they are
 * (`StepResult.communicator`). No gradient passes.
 *
 * @param x [...], of the same shape in each
 * @param processes how many they are
 * @returns [processes, ...]
 * @throws KcrError `ENGINE_EXCHANGE` on an engine that computes op by op, of several processes
 */
export const allGather = (x: Tensor, processes: number): Tensor =>
  allGatherOp({ x }, { processes });
