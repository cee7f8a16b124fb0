import { arch, availableParallelism, cpus } from 'node:os';

/** The processor that latencies are of. */
export const machineText = (): string =>
  `${cpus()[0]?.model.trim() || arch()}, ${availableParallelism()} cores`;
