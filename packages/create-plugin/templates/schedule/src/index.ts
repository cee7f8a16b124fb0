export * from './template-name.ts';
