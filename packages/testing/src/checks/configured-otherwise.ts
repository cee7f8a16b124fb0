import type { Model } from '@kcr/core';

/** What `configure()` makes of a model's configuration as it is saved, where that is another; nothing where it is the same. */
export function configuredOtherwise({ architecture, config }: Model): string | undefined {
  const saved = JSON.stringify(config);
  const again = JSON.stringify(architecture.configure(JSON.parse(saved) as typeof config));
  return again === saved ? undefined : `configure() makes ${again} of ${saved}`;
}
