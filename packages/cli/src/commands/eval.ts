import { compileInference, evaluate, extractLogits, writeSafetensors } from '@kcr/core';
import type { Target } from '@kcr/onnx';
import { createEngine, type EngineName } from '../engine.ts';
import { printResult } from '../output.ts';
import { checkpointImages, loadCheckpoint } from '../sources.ts';

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
  const loaded = await loadCheckpoint(checkpoint);
  const { model, weights } = loaded;
  const dataset = await checkpointImages(loaded, options.data, {
    cropRatio: options.cropRatio,
    cacheBytes: 0,
  });
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
