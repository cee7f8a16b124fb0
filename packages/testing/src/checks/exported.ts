import { NO_ONNX, onnxPackage } from '../engines.ts';
import { type CheckOf, fails, holds, leftOut } from '../suite.ts';
import { farthest, imagesFor, livelyWeights, numberText } from '../values.ts';
import { outputsOf } from './outputs.ts';
import type { ModelSubject } from './subject.ts';

/** Batches that one file is run with. */
const BATCHES = [1, 3];

export const exported: CheckOf<ModelSubject> = {
  expected:
    'the exported ONNX file gives what the model gives, for any batch: the model takes the batch from its input and does the same for each image',
  async run({ model, tolerance, prefix }) {
    const onnx = await onnxPackage();
    if (!onnx) return leftOut(NO_ONNX);
    const weights = livelyWeights(model);
    await using file = await onnx.openExported(await onnx.exportOnnx(model, weights));
    let most = 0;
    for (const batch of BATCHES) {
      const image = imagesFor(model, batch, batch);
      const expected = await outputsOf(model, weights, image);
      const found = await file({ image });
      const both = Object.fromEntries(
        Object.entries(expected).filter(([name]) => Object.hasOwn(found, name)),
      );
      const { name, difference, largest } = farthest(found, both);
      if (!(difference <= tolerance * Math.max(1, largest)))
        return fails(
          `${name} ${numberText(difference)} apart (largest ${numberText(largest)}) for a batch of ${batch}`,
          `${prefix}forward()`,
        );
      most = Math.max(most, difference);
    }
    return holds(`at most ${numberText(most)} apart for batches of ${BATCHES.join(' and ')}`);
  },
};
