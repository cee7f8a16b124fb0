import {
  checkDataset,
  compileInference,
  evaluate,
  extractLogits,
  writeSafetensors,
} from '@kcr/core';
import { imageDataset, imageFolder } from '@kcr/data';
import type { Target } from '@kcr/onnx';
import { createEngine, type EngineName } from '../engine.ts';
import { printResult } from '../output.ts';
import { loadCheckpoint } from '../sources.ts';

export interface EvalOptions {
  data: string;
  batchSize: number;
  cropRatio?: number;
  logits?: string;
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
  const inference = compileInference(engine, model);
  const result = await evaluate(inference, dataset, options.batchSize);
  if (options.logits) {
    const logits = await extractLogits(inference, dataset, options.batchSize);
    await writeSafetensors(options.logits, { tensors: { logits }, metadata: {} });
  }
  await engine.dispose();
  printResult(result, options.json ?? false);
}
