import { eagerEngine, NO_ONNX, onnxPackage } from '../engines.ts';
import { type CheckOf, fails, holds, leftOut } from '../suite.ts';
import { lossesOf, shortRun, train } from '../training.ts';
import { farthest, imagesFor, livelyWeights, numberText } from '../values.ts';
import { outputsOf } from './outputs.ts';
import type { ModelSubject } from './subject.ts';

/** The first epoch whose losses differ, as text. */
export function differingLosses(
  a: readonly number[],
  b: readonly number[],
  tolerance: number,
): string | undefined {
  const epoch = a.findIndex((loss, i) => {
    const other = b[i] ?? Number.NaN;
    return !(Math.abs(loss - other) <= tolerance * Math.max(1, Math.abs(other)));
  });
  return epoch < 0
    ? undefined
    : `a loss of ${a[epoch]} and ${b[epoch]} after epoch ${epoch + 1} of a training`;
}

export const engines: CheckOf<ModelSubject> = {
  needs: 'trains',
  expected:
    'the model gives the same, and trains alike, step by step (eager) and compiled (onnx): what it computes is in tensors, and nothing of it is decided in JavaScript by a value',
  async run({ model, images, tolerance, prefix }) {
    const onnx = await onnxPackage();
    if (!onnx) return leftOut(NO_ONNX);
    const compiled = async () => onnx.createOnnxEngine();
    const [weights, image] = [livelyWeights(model), imagesFor(model, 3)];
    const plain = await outputsOf(model, weights, image);
    const other = await outputsOf(model, weights, image, { engine: compiled });
    const { name, difference, largest } = farthest(other, plain);
    if (!(difference <= tolerance * Math.max(1, largest)))
      return fails(`${name} ${numberText(difference)} apart`, `${prefix}forward()`);
    if (!images) return holds(`outputs at most ${numberText(difference)} apart; not trained`);
    const options = { ...shortRun(model, images), initial: weights };
    // One after the other: the backend of TensorFlow.js is one for the process.
    const eager = lossesOf(await train(eagerEngine, options));
    const onnxLosses = lossesOf(await train(compiled, options));
    const differing = differingLosses(eager, onnxLosses, 10 * tolerance);
    return differing
      ? fails(differing, `${prefix}forward() in training`)
      : holds(`outputs at most ${numberText(difference)} apart, and the same losses`);
  },
};
