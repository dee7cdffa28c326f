/**
 * What a frame's owner id stands for: an AnonVma or an inode's cache.
 *
 * Place: the frame table holds plain numbers; reverse mapping needs the object. Ids are never
 * used again, so that a stale one is found out.
 */

import { assert } from '../assert.ts';
import type { Inode } from './inode.ts';
import type { AnonVma } from './vma.ts';

export type Owner = AnonVma | Inode;

export class OwnerTable {
  private readonly owners: Map<number, Owner>;
  private lastId: number;

  constructor() {
    this.owners = new Map();
    this.lastId = 0;
  }

  nextId(): number {
    return ++this.lastId;
  }

  add(id: number, owner: Owner): void {
    this.owners.set(id, owner);
  }

  remove(id: number): void {
    this.owners.delete(id);
  }

  has(id: number): boolean {
    return this.owners.has(id);
  }

  all(): Iterable<Owner> {
    return this.owners.values();
  }

  get(id: number): Owner {
    const owner = this.owners.get(id);
    assert(owner !== undefined, `no owner has the id ${id}`);
    return owner;
  }
}
