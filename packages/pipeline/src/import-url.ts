import { createJiti } from 'jiti';

/** What Node says of TypeScript that it cannot import: no version before 22.18 does, and none takes all of its syntax. */
const UNTRANSLATED = ['ERR_UNKNOWN_FILE_EXTENSION', 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'];

/** The URLs of what was translated, since Node could not import it. */
const translated = new Set<string>();

/** Whether a module that was imported could not be by Node alone: threads of its own cannot import it either. */
export const isTranslated = (url: string): boolean => translated.has(url);

/** Imports a module by its URL; TypeScript by Node itself where it can, and translated where not. */
export async function importUrl(url: string): Promise<Record<string, unknown>> {
  try {
    return await import(url);
  } catch (error) {
    const { code } = Object(error) as { code?: string };
    if (code === undefined || !UNTRANSLATED.includes(code)) throw error;
    const jiti = createJiti(import.meta.url, { interopDefault: false, fsCache: false });
    const exports = await jiti.import<Record<string, unknown>>(url);
    translated.add(url);
    return exports;
  }
}
