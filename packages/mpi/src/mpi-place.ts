/** Where a process stands among those that one command started. */
export interface MpiPlace {
  readonly rank: number;
  readonly size: number;
}

/** What starters of MPI processes set: Open MPI's mpirun, MPICH's and Intel's (PMI), and Slurm's srun with either. */
const NAMES = [
  ['OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE'],
  ['PMI_RANK', 'PMI_SIZE'],
] as const;

/** What `srun` sets besides, for any program: it says something of MPI where it was told to start some. */
const SLURM = ['SLURM_PROCID', 'SLURM_STEP_NUM_TASKS'] as const;

/**
 * The place of this process, by what its starter says in the environment; nothing where none did. MPI itself need not be there.
 *
 * @param environment default: the process's
 */
export function mpiPlace(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): MpiPlace | undefined {
  const names = environment.PMIX_RANK === undefined ? NAMES : [...NAMES, SLURM];
  for (const [rankName, sizeName] of names) {
    const [rank, size] = [
      Number(environment[rankName] || NaN),
      Number(environment[sizeName] || NaN),
    ];
    if (Number.isInteger(rank) && Number.isInteger(size) && rank >= 0 && rank < size)
      return { rank, size };
  }
  return undefined;
}
