/**
 * The life of AnonVmas, the objects that private anonymous pages belong to.
 *
 * Place: reverse mapping by object. A VMA gets one at its first private page; fork gives the child
 * a new one below the parent's and lets the child's VMA stand in the parent's too, since it maps
 * pages that belong there. Whether two VMAs may merge depends on these chains.
 * Invariant: `numActiveVmas` counts the VMAs whose own anonVma this is; the object is released
 * when it is in no VMA's chain.
 * Source: Linux mm/rmap.c (anon_vma_prepare, anon_vma_clone, anon_vma_fork, unlink_anon_vmas).
 */

import type { OwnerTable } from './owners.ts';
import { VM_ACCESS, VM_STICKY } from './vm-flags.ts';
import { AnonVma, NO_CHAIN, type Vma } from './vma.ts';

/** Inherited through fork: its chain holds more than its own AnonVma. */
export function isForkChild(vma: Vma): boolean {
  return vma.anonVma !== null && vma.chain.length !== 1;
}

export class AnonVmas {
  private readonly owners: OwnerTable;

  constructor(owners: OwnerTable) {
    this.owners = owners;
  }

  /** Gives `vma` an AnonVma if it has none: a compatible neighbour's, or a new one. */
  prepare(vma: Vma): AnonVma {
    if (vma.anonVma !== null) return vma.anonVma;
    const anonVma = this.reusable(vma) ?? this.create(null);
    vma.unlink();
    vma.anonVma = anonVma;
    vma.chain = [anonVma];
    vma.link();
    anonVma.numActiveVmas++;
    return anonVma;
  }

  private create(parent: AnonVma | null): AnonVma {
    const anonVma = new AnonVma(this.owners.nextId(), parent);
    this.owners.add(anonVma.id, anonVma);
    if (parent !== null) parent.numChildren++;
    return anonVma;
  }

  private reusable(vma: Vma): AnonVma | null {
    const { next, prev } = vma;
    if (next !== null && this.continues(vma, next) && next.anonVma !== null && next.chain.length === 1)
      return next.anonVma;
    if (prev !== null && this.continues(prev, vma) && prev.anonVma !== null && prev.chain.length === 1)
      return prev.anonVma;
    return null;
  }

  /** `b` could be merged with `a` before it, rights apart (anon_vma_compatible). */
  private continues(a: Vma, b: Vma): boolean {
    return (
      a.end === b.start &&
      a.file === b.file &&
      ((a.flags ^ b.flags) & ~(VM_ACCESS | VM_STICKY)) === 0 &&
      b.pgoff === a.pgoff + a.pages
    );
  }

  /** `target`, not yet linked, stands in every AnonVma of `source`; own one left as it is. */
  clone(target: Vma, source: Vma): void {
    target.chain = source.chain;
    if (target.anonVma !== null) target.anonVma.numActiveVmas++;
  }

  /** Chain of a child's copy of a parent's VMA: the parent's, then one of its own (or a vacant one taken over). */
  fork(child: Vma, parent: Vma): void {
    if (parent.anonVma === null) return;
    const vacant = parent.chain.find((anonVma) => anonVma.numChildren < 2 && anonVma.numActiveVmas === 0);
    child.anonVma = vacant ?? this.create(parent.anonVma);
    child.chain = vacant === undefined ? [...parent.chain, child.anonVma] : parent.chain;
    child.anonVma.numActiveVmas++;
  }

  /** Before a merge: `target` will hold pages of `source`, so it takes over its chain if it has none. */
  duplicate(target: Vma, source: Vma): void {
    if (source.anonVma === null || target.anonVma !== null) return;
    target.unlink();
    target.anonVma = source.anonVma;
    this.clone(target, source);
    target.link();
  }

  /** `vma`, unlinked, is going away: gives up its chain and releases what nobody uses. */
  leave(vma: Vma): void {
    if (vma.anonVma !== null) vma.anonVma.numActiveVmas--;
    const { chain } = vma;
    vma.chain = NO_CHAIN;
    vma.anonVma = null;
    for (const anonVma of chain) this.releaseIfUnused(anonVma);
  }

  private releaseIfUnused(anonVma: AnonVma): void {
    if (anonVma.vmas.size > 0) return;
    if (!this.owners.has(anonVma.id)) return;
    this.owners.remove(anonVma.id);
    if (anonVma.parent !== null) anonVma.parent.numChildren--;
  }
}
