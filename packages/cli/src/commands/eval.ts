import { checkDataset, compileInference, evaluate } from '@kcr/core';
import { imageDataset, imageFolder } from '@kcr/data';
import type { Target } from '@kcr/onnx';
import { createEngine, type EngineName } from '../engine.ts';
import { printResult } from '../output.ts';
import { loadCheckpoint } from '../sources.ts';

export interface EvalOptions {
  data: string;
  batchSize: number;
  cropRatio?: number;
  engine: EngineName;
  device: Target;
  json?: boolean;
}

/** `kcr eval`: accuracy and loss of a checkpoint over a folder of images, one folder per class. */
export async function evalCommand(checkpoint: string, options: EvalOptions): Promise<void> {
  const { model, weights, info } = await loadCheckpoint(checkpoint);
  const [size, , channels] = model.inputShape;
  const source = await imageFolder(options.data, {
    size,
    channels: channels as 1 | 3,
    cropRatio: options.cropRatio,
    classes: info.classes,
    cacheBytes: 0,
  });
  const dataset = imageDataset(source, { normalization: info.normalization });
  checkDataset(model, dataset, options.data);
  const engine = await createEngine(options.engine, options.device);
  engine.set(weights);
  const result = await evaluate(compileInference(engine, model), dataset, options.batchSize);
  await engine.dispose();
  printResult(result, options.json ?? false);
}
