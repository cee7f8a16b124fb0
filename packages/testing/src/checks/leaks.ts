import { type FitOptions, fit, tf } from '@kcr/core';
import { eagerEngine } from '../engines.ts';
import { type CheckOf, type Finding, fails, holds, leftOut } from '../suite.ts';
import { shortRun } from '../training.ts';
import { type ModelSubject, NO_IMAGES } from './subject.ts';

/** Trains on the eager engine and counts what is left. */
export async function countLeaks(
  options: Omit<FitOptions, 'engine'>,
  where: string,
): Promise<Finding> {
  await using engine = await eagerEngine();
  const before = tf.memory().numTensors;
  const counts: number[] = [];
  await fit({ ...options, engine, onStep: () => counts.push(tf.memory().numTensors) });
  // The first step makes what all others share.
  const [first = 0, ...others] = counts.slice(1);
  const growth = (others.at(-1) ?? first) - first;
  if (growth !== 0)
    return fails(`${growth} tensors more after ${others.length} further steps`, where);
  const left = tf.memory().numTensors - before;
  if (left !== 0) return fails(`${left} tensors left when the training had ended`, where);
  const arrays = engine.names();
  return arrays.length > 0
    ? fails(`arrays left in the engine: ${arrays.join(', ')}`, where)
    : holds(`none in ${counts.length} steps`);
}

export const leaks: CheckOf<ModelSubject> = {
  needs: 'trains',
  expected:
    'a training leaves no tensor behind: nothing keeps a tensor from one step to the next (tf.keep, a variable outside the function)',
  run: async ({ model, images, prefix }) =>
    images ? countLeaks(shortRun(model, images), `${prefix}forward()`) : leftOut(NO_IMAGES),
};
