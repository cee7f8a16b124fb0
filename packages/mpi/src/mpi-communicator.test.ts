import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { loadMpi } from './mpi-library.ts';
import { mpiPlace } from './mpi-place.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('testing/ranks.ts', import.meta.url));
const tsx = fileURLToPath(import.meta.resolve('tsx'));

/** Starters of both implementations, by Debian's names. */
const starters = [
  ['Open MPI', 'mpirun.openmpi', ['--allow-run-as-root', '--oversubscribe']],
  ['MPICH', 'mpirun.mpich', []],
] as const;

/** Runs the program in processes of an implementation; nothing where that is not installed. */
async function started(command: string, options: readonly string[], size: number, what: string) {
  const node = [process.execPath, '--import', tsx, program, what];
  return await run(command, [...options, '-np', String(size), ...node], { timeout: 100_000 });
}

const isThere = async (command: string) => {
  try {
    await run(command, ['--version']);
    return true;
  } catch {
    return false;
  }
};

describe.each(starters)('%s', async (name, command, options) => {
  const there = await isThere(command);

  test.skipIf(!there)('three processes add up, gather and wait', async () => {
    const { stdout } = await started(command, options, 3, 'exchange');
    const told = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    const all = {
      size: 3,
      name,
      place: true,
      floats: [6, 12],
      doubles: [1.5],
      bytes: [[], [1], [2, 2]],
    };
    const byRank = told.toSorted((a, b) => rankOf(a) - rankOf(b));
    expect(byRank).toEqual([0, 1, 2].map((rank) => ({ rank, ...all })));
  });

  test.skipIf(!there)('a process that fails ends the others, which wait for it', async () => {
    const failed = started(command, options, 2, 'fail').catch((error: unknown) => error);
    expect(await failed).toMatchObject({
      code: expect.any(Number),
      stderr: expect.stringContaining('rank 1: Error: this one has failed'),
    });
  });
});

const rankOf = (line: object) => (line as { rank: number }).rank;

test('a library that is none is refused', () => {
  expect(() => loadMpi('libnone.so')).toThrow(
    expect.objectContaining({ code: 'MPI_LIBRARY', where: 'libnone.so' }),
  );
});

test.each([
  [{}, undefined],
  [
    { OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '4' },
    { rank: 1, size: 4 },
  ],
  [
    { PMI_RANK: '0', PMI_SIZE: '2' },
    { rank: 0, size: 2 },
  ],
  [{ PMI_RANK: '2', PMI_SIZE: '2' }, undefined],
  [{ SLURM_PROCID: '3', SLURM_STEP_NUM_TASKS: '8' }, undefined],
  [
    { PMIX_RANK: '3', SLURM_PROCID: '3', SLURM_STEP_NUM_TASKS: '8' },
    { rank: 3, size: 8 },
  ],
])('in the environment %j a process is %j', (environment, place) => {
  expect(mpiPlace(environment)).toEqual(place);
});
