/**
 * Moving a VMA's translations to another address (the second half of mremap).
 *
 *   before   VMA: [old]        PTE: old -> frames
 *   after    VMA: [new]        PTE: new -> the same frames, old empty
 *   DONTUNMAP keeps the old VMA, empty.
 *
 * Source: Linux mm/mremap.c move_vma, copy_vma_and_data, move_page_tables, dontunmap_complete.
 */

import { ENOMEM } from '../errno.ts';
import { MREMAP_DONTUNMAP } from '../flags.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import { RECORD_ID, type Trace } from '../trace.ts';
import type { AnonVmas } from './anon-vma.ts';
import { moveReservation } from './hugetlb.ts';
import { accountPages, mayCommit } from './memory-limits.ts';
import type { PageMapper } from './page-mapper.ts';
import type { Task } from './task.ts';
import { FLUSH_UNMAP, type TlbFlusher } from './tlb-flush.ts';
import type { Unmapper } from './unmap.ts';
import { VM_ACCOUNT, VM_LOCKED, VM_LOCKED_MASK } from './vm-flags.ts';
import type { Vma } from './vma.ts';
import type { VmaOps } from './vma-ops.ts';

export interface MoveParts {
  readonly vmaOps: VmaOps;
  readonly anonVmas: AnonVmas;
  readonly unmapper: Unmapper;
  readonly tables: PageTables;
  readonly mapper: PageMapper;
  readonly flusher: TlbFlusher;
  readonly trace: Trace;
}

/** One mremap under way, in bytes. */
export interface Remap {
  readonly task: Task;
  readonly flags: number;
  readonly address: number;
  oldBytes: number;
  newBytes: number;
  target: number;
  /** The range is locked: what was added is to be populated. */
  locked: boolean;
}

/** Moves `remap.oldBytes` at `remap.address` in `vma` to `remap.target`; the new address or a negative errno. */
export function moveVma(parts: MoveParts, remap: Remap, vma: Vma): number {
  const { task, address, oldBytes, newBytes, target } = remap;
  const { mm } = task;
  if (!parts.vmaOps.hasRoomFor(mm, 4)) return -ENOMEM;
  const { flags } = vma;
  const promised = remap.flags & MREMAP_DONTUNMAP ? newBytes : newBytes - oldBytes;
  if (!mayCommit(mm, flags, promised / mm.pageSize)) return -ENOMEM;
  const unfaulted = vma.isAnonymous && vma.anonVma === null;
  const pgoff = unfaulted ? target / mm.pageSize : vma.indexAt(address);
  const range = {
    start: target,
    end: target + newBytes,
    flags,
    pgoff,
    file: vma.file,
    anonVma: vma.anonVma,
    copiedFrom: vma,
  };
  const made = parts.vmaOps.mapNewRange(mm, range);
  moveReservation(made, vma);
  const result = movePageTables(parts, vma, made, address, target, oldBytes);
  accountPages(mm, flags, newBytes / mm.pageSize);
  remap.locked = (flags & VM_LOCKED) !== 0;
  if (result < 0) {
    // Whatever moved goes back; then the new range goes.
    movePageTables(parts, made, vma, target, address, oldBytes);
    moveReservation(vma, made);
    parts.unmapper.unmap(mm, target, target + newBytes);
    return result;
  }
  if (remap.flags & MREMAP_DONTUNMAP) keepSource(parts, remap, made);
  else removeSource(parts, remap);
  return target;
}

/** Moves the entries of [from, from + bytes) to `to`; -ENOMEM if a table cannot be made. */
function movePageTables(parts: MoveParts, source: Vma, target: Vma, from: number, to: number, bytes: number): number {
  const { tables } = parts;
  let moved = 0;
  let result = 0;
  for (let done = 0; done < bytes && result === 0; ) {
    const slot = tables.lookup(source.mm.root, from + done);
    if (slot < 0) {
      done = tables.missingEnd(from + done) - from;
      continue;
    }
    if (!tables.isEmpty(slot)) {
      result = moveEntry(parts, target, to + done, slot);
      if (result === 0) moved++;
    }
    done += tables.pageSize;
  }
  if (moved > 0 && parts.trace.mask !== 0) parts.trace.emit(RECORD_ID.move_page_tables, from, to, bytes, moved);
  if (moved > 0) parts.flusher.flushRange(source.mm, from, from + bytes, FLUSH_UNMAP);
  return result;
}

function moveEntry(parts: MoveParts, target: Vma, va: number, from: number): number {
  const { tables, mapper } = parts;
  const slot = tables.ensure(target.mm.root, va);
  if (slot < 0) return -ENOMEM;
  mapper.relocate(target.mm, va, from, slot);
  return 0;
}

function keepSource(parts: MoveParts, remap: Remap, made: Vma): void {
  const { task, address, oldBytes } = remap;
  const source = task.mm.vmas.containing(address) as Vma;
  if (source.flags & VM_LOCKED) task.mm.unlockedUncounted += source.pages;
  source.flags &= ~VM_LOCKED_MASK;
  if (source !== made && source.start === address && source.end === address + oldBytes) {
    source.unlink();
    parts.anonVmas.leave(source);
    source.link();
  }
}

/** Unmaps the old range. What remains of its VMA on either side keeps its accounting. */
function removeSource(parts: MoveParts, remap: Remap): void {
  const { task, address, oldBytes } = remap;
  if (oldBytes === 0) return;
  const result = parts.unmapper.unmap(task.mm, address, address + oldBytes);
  if (result < 0) {
    // The limit of mappings keeps the source in place, as Linux then does: it is charged no more.
    const source = task.mm.vmas.containing(address);
    if (source === null) return;
    accountPages(task.mm, source.flags, -source.pages);
    source.flags &= ~VM_ACCOUNT;
    accountPages(task.mm, source.flags, source.pages);
  }
}
