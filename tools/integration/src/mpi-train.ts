// node mpi-train.ts vit | mobilevit: 20 steps on ONNX Runtime, with as many processes as MPI has started; the first prints the losses.
import { createModel } from '@kcr/backbones';
import { type Dataset, fit, float32, Generator, int32, Model, sizeOf } from '@kcr/core';
import { mpiCommunicator, mpiPlace } from '@kcr/mpi';
import { createOnnxEngine } from '@kcr/onnx';
import { smallModels } from './helpers.ts';

const communicator = mpiPlace() ? mpiCommunicator() : undefined;
const models: Readonly<Record<string, () => Model>> = {
  vit: () =>
    createModel('vit_tiny_patch16_224', {
      img_size: 16,
      patch_size: 4,
      embed_dim: 24,
      depth: 2,
      num_heads: 3,
      num_classes: 5,
    }),
  mobilevit() {
    const { architecture, config } = smallModels.mobilevit!();
    // Each process draws its own drop path.
    return new Model(architecture, { ...config, num_classes: 5, drop_path_rate: 0 });
  },
};
const model = models[process.argv[2]!]!();
const labels = Int32Array.from({ length: 160 }, (_, i) => i % 5);
const size = sizeOf(model.inputShape);
const train: Dataset = {
  length: labels.length,
  shape: model.inputShape,
  labels,
  classes: ['a', 'b', 'c', 'd', 'e'],
  async batch(indices) {
    const images = [...indices].map((i) => new Generator(i).array(size, 'normal'));
    const data = Float32Array.from(images.flatMap((image) => [...image]));
    return {
      image: float32([indices.length, ...model.inputShape], data),
      label: int32(
        [indices.length],
        indices.map((i) => labels[i]!),
      ),
    };
  },
};
await using engine = createOnnxEngine({ threads: 1 });
const losses: number[] = [];
const { history } = await fit({
  model,
  engine,
  train,
  validation: train,
  epochs: 2,
  batchSize: 16,
  seed: 1,
  optimizer: { lr: 1e-3, weightDecay: 0.05 },
  communicator,
  syncBatchNorm: true,
  onStep: ({ loss }) => losses.push(loss),
});
if (!communicator || communicator.rank === 0)
  process.stdout.write(
    `${JSON.stringify({ losses, validation: history.map((r) => r.valLoss) })}\n`,
  );
