import { z } from 'zod';

/** Channels that remain, as files say them: for each dimension indices that rise. */
export const keptFields = z.record(
  z.string(),
  z
    .array(z.int().nonnegative())
    .refine((channels) => channels.every((channel, i) => i === 0 || channel > channels[i - 1]!), {
      message: 'write each channel once, in rising order',
    }),
);
