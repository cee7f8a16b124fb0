import { renderMermaidSVG } from 'beautiful-mermaid';
import type { MarkdownRenderer } from 'vitepress';

const colours = {
  bg: 'var(--vp-c-bg)',
  fg: 'var(--vp-c-text-1)',
  line: 'var(--vp-c-text-3)',
  transparent: true,
  padding: 8,
};

/** Draws fences of mermaid when the site is built, in the colours of the theme: readers load no script for them. */
export function diagrams(md: MarkdownRenderer): void {
  const fence = md.renderer.rules.fence!;
  md.renderer.rules.fence = (tokens, i, ...rest) => {
    const { info, content } = tokens[i]!;
    if (info.trim() !== 'mermaid') return fence(tokens, i, ...rest);
    // The library loads its font from elsewhere; the page's own will do.
    const svg = renderMermaidSVG(content, colours)
      .replace(/@import url\([^)]*\);/, '')
      .replace(/font-family: [^;]*;/g, 'font-family: inherit;');
    // Vue takes no <style> in a template, but does in a value.
    return `<div class="diagram" v-html="${md.utils.escapeHtml(JSON.stringify(svg))}"></div>`;
  };
}
