/** RAM, frame table, allocator and page tables without a kernel, and the schemes that everything must work on. */
import { FrameAllocator } from '../../src/mmu/buddy.ts';
import { FrameTable } from '../../src/mmu/frames.ts';
import { PageTables } from '../../src/mmu/page-tables.ts';
import { Ram } from '../../src/mmu/ram.ts';
import { PAGES_16K, PAGES_64K, type PageTableScheme, SV32, TINY, X86_32, X86_64 } from '../../src/scheme.ts';

export const SCHEMES: readonly PageTableScheme[] = [X86_64, X86_32, SV32, PAGES_16K, PAGES_64K, TINY];

export interface MachineRoom {
  readonly scheme: PageTableScheme;
  readonly pageSize: number;
  readonly ram: Ram;
  readonly frames: FrameTable;
  readonly allocator: FrameAllocator;
  readonly tables: PageTables;
}

/** `frameCount` frames, all with contents; as many as the scheme can name if there are fewer of them. */
export function machineRoom(scheme: PageTableScheme, frameCount: number): MachineRoom {
  const count = Math.min(frameCount, 2 ** scheme.frameBits);
  const pageSize = 2 ** scheme.pageShift;
  const ram = new Ram(count * pageSize, pageSize);
  const frames = new FrameTable(count);
  const allocator = new FrameAllocator(frames, count);
  return { scheme, pageSize, ram, frames, allocator, tables: new PageTables(scheme, ram, frames, allocator) };
}
