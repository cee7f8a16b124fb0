export {};
//# sourceMappingURL=reindex.d.ts.map