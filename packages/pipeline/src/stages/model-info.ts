import { type ModelInfo, plainPreprocessing } from '@kcr/core';
import type { Splits } from '../data/data-kind.ts';

/** What is saved with a model of a run: it is shown images as the test images are. */
export const modelInfo = ({ train: { classes, shape }, test }: Splits): ModelInfo => ({
  classes,
  input: test.input ?? plainPreprocessing(shape),
});
