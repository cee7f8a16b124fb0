// mpirun -np N node processes.ts step MODEL IMAGES THREADS | exchange NUMBERS...: what one of the processes does. The first prints JSON.
import { performance } from 'node:perf_hooks';
import { createModel } from '@kcr/backbones';
import { type Communicator, fit, float32, Generator, int32, sizeOf } from '@kcr/core';
import { mpiCommunicator, mpiPlace } from '@kcr/mpi';
import { createOnnxEngine } from '@kcr/onnx';

/** Numbers of one process, or of several. */
const joined: Communicator | undefined = mpiPlace() ? mpiCommunicator() : undefined;

const print = (result: object) => {
  if (!joined || joined.rank === 0) process.stdout.write(`${JSON.stringify(result)}\n`);
};

/** Updates that are made. */
const UPDATES = 8;

/** Times of updates of a model, and how much of them the processes exchange gradients. */
async function step(
  name: string,
  images: number,
  threads: number,
  syncBatchNorm: boolean,
): Promise<void> {
  const model = createModel(name);
  const size = sizeOf(model.inputShape);
  const pixels = new Generator(0).array(size, 'normal');
  const train = {
    length: UPDATES * images,
    shape: model.inputShape,
    labels: new Int32Array(UPDATES * images),
    classes: Array.from({ length: model.classes }, (_, i) => `${i}`),
    async batch(indices: Int32Array) {
      const data = new Float32Array(indices.length * size);
      indices.forEach((_, i) => {
        data.set(pixels, i * size);
      });
      return {
        image: float32([indices.length, ...model.inputShape], data),
        label: int32([indices.length], new Int32Array(indices.length)),
      };
    },
  };
  const exchanges: number[] = [];
  const communicator: Communicator | undefined = joined && {
    rank: joined.rank,
    size: joined.size,
    async allReduce(data) {
      const start = performance.now();
      await joined.allReduce(data);
      // Not what processes tell each other besides.
      if (data.length >= model.parameterCount) exchanges.push(performance.now() - start);
    },
    allGather: (data) => joined.allGather(data),
    barrier: () => joined.barrier(),
    leave: () => joined.leave(),
  };
  const times: number[] = [];
  let [last, memory] = [0, 0];
  await using engine = createOnnxEngine({ threads });
  await fit({
    model,
    engine,
    train,
    epochs: 1,
    batchSize: images,
    seed: 0,
    optimizer: { lr: 1e-4 },
    communicator,
    syncBatchNorm,
    onMemory: ({ bytes }) => {
      memory = bytes;
    },
    onStep() {
      const now = performance.now();
      if (last > 0) times.push(now - last);
      last = performance.now();
    },
  });
  // The first is compiled; what the epoch ends with is not of a step.
  const least = (values: readonly number[]) => Math.min(...values);
  print({
    step: least(times),
    exchange: exchanges.length > 0 ? least(exchanges) : 0,
    parameters: model.parameterCount,
    memory,
    peak: process.resourceUsage().maxRSS * 1024,
  });
}

/** Times of sums over the processes, by the numbers that are added. */
async function exchange(counts: readonly number[]): Promise<void> {
  if (!joined) throw new Error('start it by mpirun');
  const found: { numbers: number; least: number; median: number }[] = [];
  for (const numbers of counts) {
    const data = new Float32Array(numbers);
    const times: number[] = [];
    for (let i = 0; i < 9; i++) {
      await joined.barrier();
      const start = performance.now();
      await joined.allReduce(data);
      times.push(performance.now() - start);
    }
    const sorted = times.toSorted((a, b) => a - b);
    found.push({ numbers, least: sorted[0]!, median: sorted[4]! });
  }
  print(found);
}

const [what, ...given] = process.argv.slice(2);
if (what === 'step') await step(given[0]!, Number(given[1]), Number(given[2]), given[3] === 'sync');
else await exchange(given.map(Number));
