/**
 * A TLB as a textbook has it: each set a list of entries, the next victim first.
 *
 * The reference for src/mmu/tlb.ts and mmu.ts: it keeps lists in order where those keep stamps, and has no fast paths.
 */
import type { TlbLevelConfig } from '../../src/config.ts';

export interface Grants {
  readonly read: boolean;
  readonly write: boolean;
  readonly exec: boolean;
}

export type Access = keyof Grants;

interface Entry {
  readonly asid: number;
  readonly vpn: number;
  readonly pfn: number;
  grants: Grants;
}

export class NaiveTlb {
  private readonly config: TlbLevelConfig;
  private readonly sets: Entry[][];

  constructor(config: TlbLevelConfig) {
    this.config = config;
    this.sets = Array.from({ length: config.sets }, () => []);
  }

  private setOf(vpn: number): Entry[] {
    return this.sets[vpn % this.config.sets] as Entry[];
  }

  /** The entry of a page whatever it grants. */
  find(asid: number, vpn: number): Entry | undefined {
    return this.setOf(vpn).find((entry) => entry.asid === asid && entry.vpn === vpn);
  }

  /** A use of an entry: last of all to go under LRU. */
  touch(entry: Entry): void {
    if (this.config.replacement === 'lru') this.moveToEnd(entry);
  }

  private moveToEnd(entry: Entry): void {
    const set = this.setOf(entry.vpn);
    set.splice(set.indexOf(entry), 1);
    set.push(entry);
  }

  /** Enters a page, in place of its older self or of the victim of its set. */
  fill(asid: number, vpn: number, pfn: number, grants: Grants): void {
    const set = this.setOf(vpn);
    const own = this.find(asid, vpn);
    if (own !== undefined) set.splice(set.indexOf(own), 1);
    else if (set.length === this.config.ways) set.shift();
    set.push({ asid, vpn, pfn, grants });
  }

  flush(matches: (asid: number, vpn: number) => boolean): void {
    for (const set of this.sets) {
      for (const entry of set.filter(({ asid, vpn }) => matches(asid, vpn))) set.splice(set.indexOf(entry), 1);
    }
  }

  /** `asid:vpn` of everything inside, in no particular order. */
  contents(): string[] {
    return this.sets
      .flat()
      .map(({ asid, vpn }) => `${asid}:${vpn}`)
      .sort();
  }
}
