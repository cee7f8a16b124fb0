import { basename, dirname, join, resolve } from 'node:path';
import { isCheckpoint } from '../load-checkpoint.ts';

/** A checkpoint of a page, by the name that it has there. */
export interface NamedCheckpoint {
  readonly name: string;
  readonly path: string;
}

/** The parts of a run that a page shows, the first as what the others are compared with. */
const PARTS = ['dense', 'compact'];

/** The checkpoint at a path, or of a run's folder its dense and its compact model. */
function checkpointsAt(path: string): string[] {
  if (isCheckpoint(path)) return [path];
  const parts = PARTS.map((part) => join(path, part)).filter(isCheckpoint);
  return parts.length > 0 ? parts : [path];
}

/** Places of checkpoints with names for them: of folders their own name, with that of the folder around them where two are the same. */
export function namedCheckpoints(places: readonly string[]): NamedCheckpoint[] {
  const paths = places.flatMap(checkpointsAt);
  const short = (path: string) => (path.includes('://') ? path : basename(resolve(path)));
  const long = (path: string) =>
    path.includes('://') ? path : `${basename(dirname(resolve(path)))}/${short(path)}`;
  const times = (name: string, of: (path: string) => string) =>
    paths.filter((path) => of(path) === name).length;
  return paths.map((path) => {
    if (times(short(path), short) === 1) return { path, name: short(path) };
    return { path, name: times(long(path), long) === 1 ? long(path) : path };
  });
}
