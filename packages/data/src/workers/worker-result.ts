import { KcrError, type KcrErrorDetails } from '@kcr/core/ground';
import type { MadeImage } from './image-jobs.ts';

/** What a worker thread gives for an image: errors lose their class where they cross. */
export type MadeByWorker =
  | MadeImage
  | { readonly error: unknown }
  | { readonly refusal: { readonly code: KcrError['code']; readonly details: KcrErrorDetails } };

/** The images that a worker made. @throws what was thrown for the first that could not be made */
export function madeImages(results: readonly MadeByWorker[]): MadeImage[] {
  return results.map((result) => {
    if ('refusal' in result) throw new KcrError(result.refusal.code, result.refusal.details);
    if ('error' in result) throw result.error;
    return result;
  });
}
