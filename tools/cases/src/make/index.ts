import { join } from 'node:path';
import type { Places } from '../run-row.ts';
import { makeCheckpoints } from './checkpoints.ts';
import { makeSingleFiles } from './files.ts';
import { makeFolders } from './folders.ts';
import { makeTimm } from './timm.ts';

/** Makes the files that are not stored. */
export async function makeFiles(places: Places): Promise<void> {
  await makeFolders(places);
  await makeCheckpoints(join(places.made, 'checkpoints'));
  await makeTimm(join(places.made, 'timm'));
  await makeSingleFiles(places.made);
}
