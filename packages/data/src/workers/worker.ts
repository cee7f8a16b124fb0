import { KcrError } from '@kcr/core/ground';
import { type ImageJobs, makeImages } from './image-jobs.ts';
import type { MadeByWorker } from './worker-result.ts';

/** The entry of worker threads: makes images; errors cross to the main thread as data. */
export default async function work(jobs: ImageJobs): Promise<MadeByWorker[]> {
  const made = await makeImages(jobs);
  return made.map((result) => {
    if (!('error' in result)) return result;
    const { error } = result;
    if (!(error instanceof KcrError)) return { error };
    const { code, where, found, fix, cause } = error;
    return { refusal: { code, details: { where, found, fix, cause: cause && String(cause) } } };
  });
}
