import { constants } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { KcrError } from '@kcr/core';
import { checkDepth, DepthCheck } from '@kcr/core/internal';
import { JSONParser } from '@streamparser/json';

/**
 * Numbers that Python writes and JSON does not know, outside texts. They are read as null, which no field takes.
 */
const NO_NUMBER = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

function parse(text: string): unknown {
  checkDepth(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    const mended = text.replace(NO_NUMBER, (found) => (found[0] === '"' ? found : 'null'));
    if (mended === text) throw error;
    return JSON.parse(mended);
  }
}

/** Parses a file in pieces: it is larger than a text can be. */
async function parseStream(path: string): Promise<unknown> {
  const parser = new JSONParser({ paths: ['$'], keepStack: false });
  let root: unknown;
  parser.onValue = ({ value }) => {
    root = value;
  };
  const depth = new DepthCheck();
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
    depth.bytes(chunk);
    parser.write(chunk);
  }
  if (!parser.isEnded) parser.end();
  if (root === undefined) throw new Error('an empty file');
  return root;
}

/**
 * Reads a JSON file. One that is larger than a text can be (512 MiB) is read in pieces, more slowly, and may then not have
 * NaN or Infinity, as Python writes them; in other files they are read as null.
 *
 * @param longest bytes that are read as one text; for tests
 * @throws KcrError `COCO_READ`
 */
export async function readCoco<T>(path: string, longest = constants.MAX_STRING_LENGTH): Promise<T> {
  try {
    const { size } = await stat(path);
    return (size > longest ? await parseStream(path) : parse(await readFile(path, 'utf8'))) as T;
  } catch (cause) {
    throw new KcrError('COCO_READ', {
      where: path,
      found: (cause as Error).message,
      fix: "Pass a JSON file in COCO's format",
      cause,
    });
  }
}
