/**
 * The processes that train one model together, as in MPI: each has a rank from 0, and all call the same functions in the same order.
 * Without a communicator there is one; `@kcr/mpi` has as many as `mpirun -np` starts.
 */
export interface Communicator {
  /** Which of the processes this is, from 0. */
  readonly rank: number;
  /** How many there are. */
  readonly size: number;
  /** Adds up arrays of the same length over the processes; each has the sum in place of its own. */
  allReduce(data: Float32Array | Float64Array): Promise<void>;
  /** Gives every process the bytes of each, in the order of the ranks; they may differ in length. */
  allGather(data: Uint8Array): Promise<Uint8Array[]>;
  /** Returns when all processes have called it. */
  barrier(): Promise<void>;
  /** Ends the work together, in all processes: what a process does from then on the others do not wait for. */
  leave(): Promise<void>;
}

/** One process by itself. */
export const alone: Communicator = {
  rank: 0,
  size: 1,
  async allReduce() {},
  allGather: async (data) => [data],
  async barrier() {},
  async leave() {},
};
