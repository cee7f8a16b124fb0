import { readFileSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import type { Communicator } from '@kcr/core';

/** Where a process may run. */
export interface Placed {
  readonly host: string;
  /** Numbers of the machine's cores. */
  readonly cores: readonly number[];
}

/**
 * Cores that this process has for itself: of those that it may run on, its share where other processes may run there too. Starters
 * bind processes to cores or do not (Open MPI binds two to a core each, and more to a part of the machine); either way this is the
 * number of threads that keeps all cores busy once. All processes have to call it.
 *
 * @returns at least 1
 */
export async function ownCores(communicator: Communicator): Promise<number> {
  const own = new TextEncoder().encode(JSON.stringify({ host: hostname(), cores: allowedCores() }));
  const all = await communicator.allGather(own);
  const places = all.map((bytes): Placed => JSON.parse(new TextDecoder().decode(bytes)));
  return shareOfCores(places, communicator.rank);
}

/** The same, from where the processes are, by rank. */
export function shareOfCores(places: readonly Placed[], rank: number): number {
  const { host, cores } = places[rank]!;
  const besides = places.filter((other) => other.host === host);
  const share = cores.reduce(
    (sum, core) => sum + 1 / besides.filter((other) => other.cores.includes(core)).length,
    0,
  );
  // A sum of thirds may be a little less than it should.
  return Math.max(1, Math.floor(share + 1e-9));
}

/** The cores that the system lets this process run on; where it does not say which, as many. */
function allowedCores(): number[] {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    return coresOfList(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)![1]!);
  } catch {
    return Array.from({ length: availableParallelism() }, (_, core) => core);
  }
}

/** Reads a list of numbers as Linux writes it: `0-2,5`. */
export const coresOfList = (list: string): number[] =>
  list.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number) as [number, number?];
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
