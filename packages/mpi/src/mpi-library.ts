import { createRequire } from 'node:module';
import { KcrError, messageOf } from '@kcr/core';
import type koffi from 'koffi';

/** The functions of MPI that training uses, with the handles that they are called with; each gives an error code, 0 for none. */
export interface MpiLibrary {
  /** `Open MPI` or `MPICH`. */
  readonly name: string;
  init(): number;
  isInitialised(): boolean;
  rank(): number;
  size(): number;
  /** @param out gets the sum of what all processes give */
  sum(own: Float32Array | Float64Array, out: Float32Array | Float64Array): number;
  /** @param out gets a count of each process */
  gatherCounts(own: Int32Array, out: Int32Array): number;
  /** @param out gets the bytes of each process, `counts` from `starts` */
  gatherBytes(own: Uint8Array, out: Uint8Array, counts: Int32Array, starts: Int32Array): number;
  barrier(): number;
  abort(code: number): number;
  finish(): number;
}

/** What MPI calls what it is told, as values of C. */
interface Handles {
  /** Its type in C: an address, or a number. */
  readonly type: 'void*' | 'int';
  readonly world: unknown;
  readonly float: unknown;
  readonly double: unknown;
  readonly byte: unknown;
  readonly int: unknown;
  readonly add: unknown;
}

const require = createRequire(import.meta.url);

/** Loaded where MPI is joined: whoever asks for the place of a process, as every start of the command does, needs none of it. */
const loadKoffi = (): typeof koffi => require('koffi');

type Library = ReturnType<typeof koffi.load>;

/** Names of MPI's library on Linux and macOS, the more common first. */
const LIBRARIES = [
  'libmpi.so.40',
  'libmpich.so.12',
  'libmpi.so.12',
  'libmpi.dylib',
  'libmpich.dylib',
];

/**
 * Loads an MPI library: of those that start processes, the one that started this, else the first that is there.
 *
 * @param path its file or name. Default: the environment's `KCR_MPI_LIBRARY`, or found
 * @throws KcrError `MPI_LIBRARY` where none is there, or what is there is none
 */
export function loadMpi(path = process.env.KCR_MPI_LIBRARY): MpiLibrary {
  // UCX, which both may send by, would watch the process's memory by replacing functions that Node's engine uses: it dies at times.
  process.env.UCX_MEM_EVENTS ??= 'no';
  const isOpen = process.env.OMPI_COMM_WORLD_SIZE !== undefined;
  const names = path ? [path] : isOpen ? LIBRARIES : LIBRARIES.toSorted(byPmi);
  const failures: string[] = [];
  for (const name of names)
    try {
      // Open MPI loads parts of itself, which look for its symbols among those of all. MPICH's would come before Node's own: it dies.
      return bind(loadKoffi().load(name, { global: name.includes('libmpi.') }));
    } catch (error) {
      failures.push(messageOf(error).split('\n')[0]!);
    }
  throw new KcrError('MPI_LIBRARY', {
    where: path ?? 'MPI',
    found: failures.join('; '),
    fix: 'Install MPI (apt-get install openmpi-bin, or mpich), or name its library in KCR_MPI_LIBRARY',
  });
}

/** Libraries of the kind that PMI starts come first. */
const byPmi = (a: string, b: string) => Number(b.includes('mpich')) - Number(a.includes('mpich'));

function bind(library: Library): MpiLibrary {
  const { name, handles } = handlesOf(library);
  const { type, world, add } = handles;
  const call = (signature: string) => library.func(signature.replaceAll('HANDLE', type));
  const [initialised, rank, size] = [
    call('int MPI_Initialized(_Out_ int*)'),
    call('int MPI_Comm_rank(HANDLE, _Out_ int*)'),
    call('int MPI_Comm_size(HANDLE, _Out_ int*)'),
  ];
  const init = call('int MPI_Init(void*, void*)');
  const allReduce = call('int MPI_Allreduce(void*, void*, int, HANDLE, HANDLE, HANDLE)');
  const allGather = call('int MPI_Allgather(void*, int, HANDLE, void*, int, HANDLE, HANDLE)');
  const allGatherV = call(
    'int MPI_Allgatherv(void*, int, HANDLE, void*, int*, int*, HANDLE, HANDLE)',
  );
  const barrier = call('int MPI_Barrier(HANDLE)');
  const abort = call('int MPI_Abort(HANDLE, int)');
  const finish = call('int MPI_Finalize()');
  const told = (ask: (out: number[]) => unknown): number => {
    const out = [0];
    ask(out);
    return out[0]!;
  };
  return {
    name,
    init: () => init(null, null),
    isInitialised: () => told((out) => initialised(out)) !== 0,
    rank: () => told((out) => rank(world, out)),
    size: () => told((out) => size(world, out)),
    sum(own, out) {
      const kind = own instanceof Float32Array ? handles.float : handles.double;
      return allReduce(own, out, own.length, kind, add, world);
    },
    gatherCounts: (own, out) =>
      allGather(own, own.length, handles.int, out, own.length, handles.int, world),
    gatherBytes: (own, out, counts, starts) =>
      allGatherV(own, own.length, handles.byte, out, counts, starts, handles.byte, world),
    barrier: () => barrier(world),
    abort: (code) => abort(world, code),
    finish: () => finish(),
  };
}

/** Open MPI's handles are addresses of its symbols; those of MPICH, and of all with its binary interface, are numbers. */
function handlesOf(library: Library): { name: string; handles: Handles } {
  const address = (symbol: string) => library.symbol(symbol, 'uint8_t');
  if (hasSymbol(library, 'ompi_mpi_comm_world'))
    return {
      name: 'Open MPI',
      handles: {
        type: 'void*',
        world: address('ompi_mpi_comm_world'),
        float: address('ompi_mpi_float'),
        double: address('ompi_mpi_double'),
        byte: address('ompi_mpi_byte'),
        int: address('ompi_mpi_int'),
        add: address('ompi_mpi_op_sum'),
      },
    };
  return {
    name: 'MPICH',
    handles: {
      type: 'int',
      world: 0x44000000,
      float: 0x4c00040a,
      double: 0x4c00080b,
      byte: 0x4c00010d,
      int: 0x4c000405,
      add: 0x58000003,
    },
  };
}

function hasSymbol(library: Library, name: string): boolean {
  try {
    library.symbol(name, 'uint8_t');
    return true;
  } catch {
    return false;
  }
}
