import { writeSync } from 'node:fs';
import { inspect } from 'node:util';
import { type Communicator, KcrError } from '@kcr/core';
import { loadMpi, type MpiLibrary } from './mpi-library.ts';

export interface MpiOptions {
  /** Its file or name. Default: the environment's `KCR_MPI_LIBRARY`, or that of the MPI that started the process. */
  readonly library?: string;
}

/** The processes that `mpirun` or `srun` started. A process leaves where it ends; one that fails ends all. */
export interface MpiCommunicator extends Communicator {
  /** `Open MPI` or `MPICH`. */
  readonly implementation: string;
  /** Ends all processes at once: those that wait for this one would wait for ever. Does not return. */
  abort(code?: number): void;
}

/** Milliseconds that a starter has to read the last words of a process. */
const HEARD = 200;

/** Bytes that one call of MPI takes: its counts are 32-bit. */
const MOST = 2 ** 30;

/** Bytes that are summed at a time. */
const SUMMED = 2 ** 22;

/**
 * Joins the processes that this one was started with: `mpirun -np 4 node train.js`. Calls wait for the slowest process, and this
 * process does nothing else meanwhile. A process that ends with another code than 0, e.g. for an error that nothing catches, ends
 * all the others too.
 *
 * @throws KcrError `MPI_LIBRARY` where there is no MPI, `MPI_FAILED` where it gives an error
 *
 * @example
 * const communicator = mpiCommunicator();
 * await fit({ ...options, communicator });
 */
export function mpiCommunicator({ library }: MpiOptions = {}): MpiCommunicator {
  const mpi = loadMpi(library);
  if (mpi.isInitialised())
    throw new KcrError('MPI_FAILED', {
      where: 'mpiCommunicator',
      found: 'this process has joined already',
      fix: 'Make one communicator, and give it to all that train',
    });
  checked('MPI_Init', mpi.init());
  return new Processes(mpi);
}

class Processes implements MpiCommunicator {
  readonly rank: number;
  readonly size: number;
  readonly implementation: string;
  #left = false;
  /** What is given to a sum. One place for all of them: a system takes longer to hand out memory than to add it up. */
  readonly #given = new ArrayBuffer(SUMMED);

  constructor(private readonly mpi: MpiLibrary) {
    this.rank = mpi.rank();
    this.size = mpi.size();
    this.implementation = mpi.name;
    // A process that ends without a word is taken for one that has failed, and one that has failed may not wait for the others.
    process.once('exit', (code) => (code === 0 ? this.#finish() : this.abort(code)));
    // Node prints an error after that, which would be too late.
    process.once('uncaughtExceptionMonitor', (error) => {
      if (this.#left || process.listenerCount('uncaughtException') > 0) return;
      writeSync(process.stderr.fd, `rank ${this.rank}: ${inspect(error)}\n`);
      // The starter hands on what it has read, and ends the processes at once when it hears of the failure.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, HEARD);
      mpi.abort(1);
    });
  }

  async allReduce(data: Float32Array | Float64Array): Promise<void> {
    // MPI may not read and write the same memory.
    const given =
      data instanceof Float32Array ? new Float32Array(this.#given) : new Float64Array(this.#given);
    for (let at = 0; at < data.length; at += given.length) {
      const part = data.subarray(at, at + given.length);
      given.set(part);
      checked('MPI_Allreduce', this.mpi.sum(given.subarray(0, part.length), part));
    }
  }

  async allGather(data: Uint8Array): Promise<Uint8Array[]> {
    const counts = new Int32Array(this.size);
    if (data.length > MOST) throw tooLarge(data.length);
    checked('MPI_Allgather', this.mpi.gatherCounts(Int32Array.of(data.length), counts));
    const starts = new Int32Array(this.size);
    let all = 0;
    counts.forEach((count, rank) => {
      starts[rank] = all;
      all += count;
    });
    if (all > MOST) throw tooLarge(all);
    const bytes = new Uint8Array(all);
    checked('MPI_Allgatherv', this.mpi.gatherBytes(data, bytes, counts, starts));
    return Array.from(starts, (start, rank) => bytes.slice(start, start + counts[rank]!));
  }

  async barrier(): Promise<void> {
    checked('MPI_Barrier', this.mpi.barrier());
  }

  async leave(): Promise<void> {
    this.#finish();
  }

  #finish(): void {
    if (this.#left) return;
    this.#left = true;
    this.mpi.finish();
  }

  abort(code = 1): void {
    // After they have parted no process waits for another.
    if (!this.#left) this.mpi.abort(code);
  }
}

const tooLarge = (bytes: number) =>
  new KcrError('MPI_FAILED', {
    where: 'allGather',
    found: `${bytes} bytes`,
    fix: 'Gather less at once, e.g. with a smaller batch size',
  });

/** @throws KcrError `MPI_FAILED` */
function checked(name: string, code: number): void {
  if (code === 0) return;
  throw new KcrError('MPI_FAILED', {
    where: name,
    found: `error ${code}`,
    fix: 'Look at what MPI itself printed, and whether all processes run the same program',
  });
}
