import { readFile } from 'node:fs/promises';
import { KcrError } from '@kcr/core';

/** Reads a JSON file. @throws KcrError `COCO_READ` */
export async function readCoco<T>(path: string): Promise<T> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch (cause) {
    throw new KcrError('COCO_READ', {
      where: path,
      found: (cause as Error).message,
      fix: "Pass a JSON file in COCO's format",
      cause,
    });
  }
}
