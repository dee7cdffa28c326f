/**
 * The shape of a simulated machine as the specification takes it.
 *
 * Place: where both are compared. Only what a program can learn passes: sizes of pages and registers, and where the address space ends.
 */
import type { ResolvedConfig } from '../index.ts';
import type { Layout } from '../spec/spec.ts';

export function specLayout(config: ResolvedConfig): Partial<Layout> {
  const { fs, pageSize, scheme, layout, maxMapCount, overcommit, hugePages } = config;
  return {
    fs,
    pageSize: BigInt(pageSize),
    wordBits: scheme.wordBits,
    brk: BigInt(layout.brkStart),
    mmapBase: BigInt(layout.mmapBase),
    taskSize: BigInt(layout.userEnd),
    halfEnd: 2n ** BigInt(Math.ceil(Math.log2(layout.userEnd))),
    hugePage: BigInt(layout.hugeAlign),
    hugetlbPage: BigInt((pageSize / scheme.entryBytes) * pageSize),
    hugePages,
    fetches: scheme.bits.executable >= 0 || scheme.bits.noExecute >= 0 ? 'need-exec' : 'are-loads',
    minAddress: BigInt(layout.mmapMin),
    minPlace: BigInt(layout.placedMin),
    maxMapCount,
    memoryPages: BigInt(Math.floor(overcommit.heuristicBytes / pageSize)),
  };
}
