import { join } from 'node:path';
import { writeAtomic } from '@kcr/core/internal';
import type { PictureRow } from '../tasks/task-kit.ts';
import type { Picture } from './run-analysis.ts';

/** Writes a row of pictures of a run as `pictures/FILE.png`. */
export async function writePicture(
  directory: string,
  { title, name, png, group }: PictureRow,
  file: string,
): Promise<Picture> {
  await writeAtomic(join(directory, 'pictures', `${file}.png`), png);
  return { title, kind: name, file, ...(group && { group }) };
}
