import type { Communicator } from '../engine/communicator.ts';
import type { Engine } from '../engine/engine.ts';
import type { EngineArrays } from './engine-arrays.ts';

/** Arrays of an engine's state that processes exchange: float32, of the same names and shapes in each. */
export interface Exchanged {
  /** Those that are added up, such as gradients. */
  readonly sums: readonly string[];
  /** Those of which the mean is taken, such as running statistics. */
  readonly means: readonly string[];
}

/** Replaces arrays of an engine by their sums or means over the processes, in one message whose memory is used again. */
export class Exchange {
  #message = new Float32Array();

  constructor(
    private readonly engine: Engine,
    private readonly communicator: Communicator,
  ) {}

  async run({ sums, means }: Exchanged): Promise<void> {
    await this.engine.revise([...sums, ...means], async (arrays) => {
      const values = Object.values(arrays).map(({ data }) => data);
      const length = values.reduce((n, data) => n + data.length, 0);
      if (this.#message.length !== length) this.#message = new Float32Array(length);
      let at = 0;
      for (const data of values) {
        this.#message.set(data, at);
        at += data.length;
      }
      await this.communicator.allReduce(this.#message);
      at = 0;
      for (const data of values) {
        data.set(this.#message.subarray(at, at + data.length));
        at += data.length;
      }
      for (const name of means) {
        const { data } = arrays[name]!;
        for (let i = 0; i < data.length; i++) data[i]! /= this.communicator.size;
      }
    });
  }
}

/**
 * Replaces the arrays of a trainer in every process by those of the first. After the same updates they are the same, unless processors of
 * several kinds compute them: then they would drift apart by roundings.
 */
export async function alignWithFirst(
  arrays: EngineArrays,
  communicator: Communicator,
): Promise<void> {
  if (communicator.size === 1) return;
  await arrays.revise(async (own) => {
    for (const { dtype, data } of Object.values(own)) {
      if (dtype !== 'float32') continue;
      // A sum to which the others give nothing.
      if (communicator.rank > 0) data.fill(0);
      await communicator.allReduce(data as Float32Array);
    }
  });
}
