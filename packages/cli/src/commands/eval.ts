import {
  classification,
  compileInference,
  type Dataset,
  evaluate,
  extractLogits,
  type ImageSet,
  KcrError,
  type LoadedModel,
  taskOf,
  writeAtomic,
  writeSafetensors,
} from '@kcr/core';
import {
  cocoInstances,
  type InstanceDataset,
  type InvalidPolicy,
  instanceDataset,
  instanceFolder,
  semanticDataset,
  semanticFolder,
} from '@kcr/data';
import { detectImages, semanticSegmentation } from '@kcr/detect';
import type { Target } from '@kcr/onnx';
import { tellSkipped } from '../dense-data.ts';
import { createEngine, type EngineName } from '../engine.ts';
import { printResult } from '../output.ts';
import { checkpointImages, loadCheckpoint } from '../sources.ts';

export interface EvalOptions {
  data: string;
  batchSize: number;
  cropRatio?: number;
  logits?: string;
  annotations?: string;
  detections?: string;
  instanceIds: boolean;
  reduceZeroLabel: boolean;
  scales?: number[];
  flip: boolean;
  invalid: InvalidPolicy;
  engine: EngineName;
  device: Target;
  json?: boolean;
}

/** `kcr eval`: how good a checkpoint is on images with what is in them. */
export async function evalCommand(checkpoint: string, options: EvalOptions): Promise<void> {
  const loaded = await loadCheckpoint(checkpoint);
  const { model, weights } = loaded;
  const task = taskOf(model);
  const data = await evaluationData(loaded, options);
  const engine = await createEngine(options.engine, options.device);
  engine.set(weights);
  const inference = compileInference(engine, model);
  const { batchSize } = options;
  const result =
    task === classification
      ? await evaluate(inference, data as Dataset, batchSize)
      : { n: data.length, ...(await task.evaluate(inference, data, batchSize)) };
  if (options.logits) {
    const logits = await extractLogits(inference, data as Dataset, batchSize);
    await writeSafetensors(options.logits, { tensors: { logits }, metadata: {} });
  }
  if (options.detections) {
    const { detections } = await detectImages(inference, data as InstanceDataset, batchSize);
    await writeAtomic(options.detections, `${JSON.stringify(detections)}\n`);
  }
  await engine.dispose();
  printResult(result, options.json ?? false);
}

/** The images of `--data` as the checkpoint's model takes them. @throws KcrError `OPTION`, and those of reading them */
async function evaluationData(loaded: LoadedModel, options: EvalOptions): Promise<ImageSet> {
  const { model, info } = loaded;
  const { data, invalid, cropRatio } = options;
  const task = taskOf(model);
  if (options.logits && task !== classification) throw wrongOption('--logits', task.name);
  if (options.detections && (task === classification || task === semanticSegmentation))
    throw wrongOption('--detections', task.name);
  if (task === classification) return checkpointImages(loaded, data, { cropRatio, cacheBytes: 0 });
  const [height, width, channels] = model.inputShape;
  const { classes, normalization } = info;
  const canvas = { height, width };
  const reader = { channels: channels as 1 | 3, invalid };
  if (task === semanticSegmentation) {
    const { instanceIds, reduceZeroLabel, scales, flip } = options;
    const source = await semanticFolder(data, { classes, instanceIds, reduceZeroLabel, ...reader });
    tellSkipped(data, source.skipped);
    return semanticDataset(source, { normalization, canvas, testing: { scales, flip } });
  }
  const { annotations } = options;
  const source = annotations
    ? await cocoInstances(annotations, data, reader)
    : await instanceFolder(data, { className: classes[0], ...reader });
  tellSkipped(annotations ?? data, source.skipped);
  if (source.classes.length !== classes.length)
    throw new KcrError('DATASET_CLASSES', {
      where: annotations ?? data,
      found: `${source.classes.length} categories for a model of ${classes.length} classes`,
      fix: 'Use annotations with the categories that the model was trained for',
    });
  return instanceDataset(source, { normalization, canvas });
}

const wrongOption = (option: string, task: string) =>
  new KcrError('OPTION', {
    where: option,
    found: `a model of ${task}`,
    fix: 'Leave it out for this model',
  });
