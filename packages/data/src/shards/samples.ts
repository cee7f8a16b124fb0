import { posix } from 'node:path';
import { KcrError } from '@kcr/core';
import { isRecord, parseJson } from '@kcr/core/internal';
import { type Refusals, SKIP } from '../invalid.ts';
import { isForeignImage, isImage } from '../is-image.ts';
import type { TarEntry, TarFile } from './tar-file.ts';

/** An image of a tar file with its label as text. */
export interface Sample {
  readonly image: TarEntry;
  readonly label: string;
}

/** Most bytes of a label, and of the JSON beside an image. */
const MOST_LABEL = 2 ** 20;

/** What WebDataset takes for one sample: the name up to the first point of its last part. */
function keyOf(name: string): string {
  const point = name.indexOf('.', name.lastIndexOf('/') + 1);
  return point < 0 ? name : name.slice(0, point);
}

const isRubbish = (name: string): boolean => /(^|\/)(\.|__MACOSX(\/|$))/.test(name);

const FIX = `Put its class number or name into KEY.cls or into \`label\` of KEY.json, or the image into a folder of its class; or ${SKIP}`;

const labelError = (where: string, found: string) =>
  new KcrError('TAR_LABEL', { where, found, fix: FIX });

/** The text of a label's file. @throws KcrError `TAR_LABEL` */
function contentOf(tar: TarFile, { name, block, size }: TarEntry): string {
  if (size > MOST_LABEL) throw labelError(`${tar.path}, ${name}`, `a label of ${size} bytes`);
  return tar
    .read(block * 512, size)
    .toString('utf8')
    .trim();
}

/** `label` of JSON beside an image, if it has one. @throws KcrError `TAR_LABEL` for what is no JSON */
function jsonLabel(tar: TarFile, entry: TarEntry): string | undefined {
  const where = `${tar.path}, ${entry.name}`;
  const value = parseJson(contentOf(tar, entry), where, { code: 'TAR_LABEL', fix: FIX });
  const label = isRecord(value) ? value.label : undefined;
  return typeof label === 'string' || typeof label === 'number' ? String(label) : undefined;
}

/** The label of the files of one key. @throws KcrError `TAR_LABEL` */
function labelOf(tar: TarFile, files: readonly TarEntry[], image: TarEntry): string {
  const ending = (end: string) => files.find(({ name }) => name.toLowerCase().endsWith(end));
  const [cls, json] = [ending('.cls'), ending('.json')];
  const label = cls ? contentOf(tar, cls) : json && jsonLabel(tar, json);
  if (label) return label;
  const folder = image.name.indexOf('/');
  if (!cls && folder > 0) return image.name.slice(0, folder);
  throw labelError(`${tar.path}, ${image.name}`, 'an image without a label');
}

/** The samples of the files of one key, which stand one after another. */
function* samplesOf(
  tar: TarFile,
  files: readonly TarEntry[],
  refusals: Refusals,
): Generator<Sample> {
  const images = files.filter(({ name }) => isImage(posix.basename(name)));
  const labelled = files.some(({ name }) => /\.(cls|json)$/i.test(name));
  if (labelled && images.length > 1)
    refusals.refuse('TAR_LABEL', `${tar.path}, ${images[1]!.name}`, 'two images of one label');
  else
    for (const image of images) {
      let label: string | undefined;
      const fine = refusals.accepts(() => {
        if (image.type !== '0' || image.size >= 2 ** 31)
          throw labelError(`${tar.path}, ${image.name}`, 'a link or other entry that is no file');
        label = labelOf(tar, files, image);
      });
      if (fine && label !== undefined) yield { image, label };
    }
}

/**
 * The images of a tar file as WebDataset has them: files that follow each other and have one name up to the first point
 * are one sample, `KEY.jpg` with its label in `KEY.cls` or in `label` of `KEY.json`. An image without either is of the class
 * that its first folder is named after. Hidden files are passed over.
 *
 * @throws KcrError `TAR_FORMAT`; `TAR_LABEL` and `IMAGE_READ` unless such images are skipped
 */
export function* samples(tar: TarFile, refusals: Refusals): Generator<Sample> {
  let key: string | undefined;
  let files: TarEntry[] = [];
  for (const entry of tar.entries()) {
    if (entry.type === '5' || isRubbish(entry.name)) continue;
    if (isForeignImage(posix.basename(entry.name))) {
      const found = 'an image of a format that is not read';
      refusals.refuse('IMAGE_READ', `${tar.path}, ${entry.name}`, found);
      continue;
    }
    const own = keyOf(entry.name);
    if (own !== key) {
      yield* samplesOf(tar, files, refusals);
      files = [];
    }
    key = own;
    files.push(entry);
  }
  yield* samplesOf(tar, files, refusals);
}
