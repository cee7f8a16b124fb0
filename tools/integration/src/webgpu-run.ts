// Trains a small model on the device that is named; prints the losses and a weight as JSON.
import { fit } from '@kcr/core';
import { createOnnxEngine, type Target } from '@kcr/onnx';
import { smallModels, syntheticData } from './helpers.ts';

const model = smallModels.vit!();
const { history, weights } = await fit({
  model,
  engine: createOnnxEngine({ device: process.argv[2] as Target }),
  train: syntheticData(model, 16),
  validation: syntheticData(model, 8, 2),
  epochs: 3,
  batchSize: 8,
  seed: 0,
  emaDecay: 0.9,
  optimizer: { lr: 1e-3 },
});
const result = { losses: history.map((r) => r.valLoss), weight: [...weights['head.weight']!.data] };
process.stdout.write(`\n${JSON.stringify(result)}\n`);
