/**
 * The part of the invariant checker that counts who holds what: files, inodes and AnonVmas.
 *
 * Place: called by invariants.ts. Walks from the living (descriptors and VMAs of tasks that have not
 * ended) to what they hold, and compares with the counts kept there; what is held by nobody and
 * still counts somebody is a leak. It reads everything and changes nothing.
 */

import { SHM_DEST } from '../flags.ts';
import type { FdTable } from './fd-table.ts';
import type { FileLock } from './file-lock.ts';
import { Inode } from './inode.ts';
import type { Kernel } from './kernel.ts';
import type { Mm } from './mm.ts';
import type { OpenFile } from './open-file.ts';
import type { Owner } from './owners.ts';
import type { Task } from './task.ts';
import { VM_ACCOUNT, VM_MAYWRITE, VM_SHARED } from './vm-flags.ts';
import { AnonVma, type Vma } from './vma.ts';

/** Reports a broken rule if the condition does not hold. */
export type Report = (condition: boolean, sentence: () => string) => void;

class Holders {
  /** References to each open file description that can be reached. */
  readonly files: Map<OpenFile, number>;
  /** VMAs that map an inode, those of them that may store to it, and VMAs in the chain of an AnonVma. */
  readonly vmas: Map<Owner, number>;
  readonly writers: Map<Owner, number>;
  /** VMAs whose own AnonVma it is. */
  readonly active: Map<Owner, number>;

  constructor() {
    this.files = new Map();
    this.vmas = new Map();
    this.writers = new Map();
    this.active = new Map();
  }

  addDescriptors(table: FdTable): void {
    for (const file of table.files()) count(this.files, file);
  }

  addVma(vma: Vma): void {
    for (const anonVma of vma.chain) count(this.vmas, anonVma);
    if (vma.anonVma !== null) count(this.active, vma.anonVma);
    if (vma.file === null) return;
    count(this.files, vma.file);
    count(this.vmas, vma.file.inode);
    if ((vma.flags & (VM_SHARED | VM_MAYWRITE)) === (VM_SHARED | VM_MAYWRITE)) count(this.writers, vma.file.inode);
  }
}

function count<T>(counts: Map<T, number>, item: T): void {
  counts.set(item, (counts.get(item) ?? 0) + 1);
}

export function checkObjects(kernel: Kernel, mms: readonly Mm[], that: Report): void {
  const holders = new Holders();
  const tasks = [...kernel.tasks.values()].filter((task) => !task.exited);
  const tables = new Set(tasks.map((task) => task.files));
  for (const table of tables) holders.addDescriptors(table);
  checkTasks(kernel, tasks, that);
  for (const mm of mms) for (const vma of mm.vmas) holders.addVma(vma);
  for (const segment of kernel.parts.segments.all()) {
    count(holders.files, segment.file);
    const found = mms.reduce(
      (sum, mm) => sum + [...mm.vmas].filter((vma) => vma.file?.attachments === segment).length,
      0,
    );
    that(segment.nattch === found, () => `segment ${segment.id}: ${segment.nattch} attached, found ${found}`);
    that(
      found > 0 || !(segment.mode & SHM_DEST),
      () => `segment ${segment.id}: removed, and nothing holds it any more`,
    );
  }
  checkCommitments(kernel, mms, that);
  for (const { call } of tasks) if (call !== null) count(holders.files, call.file);
  for (const { program } of mms) if (program !== null) count(holders.files, program);
  const opens = new Map<Owner, number>();
  for (const [file, refs] of holders.files) {
    count(opens, file.inode);
    that(file.refs === refs, () => `a description of '${file.dentry.name}' has ${file.refs} references, found ${refs}`);
  }
  const children = new Map<Owner, number>();
  const owners = [...kernel.parts.owners.all()];
  for (const owner of owners) if (owner instanceof AnonVma && owner.parent !== null) count(children, owner.parent);
  for (const owner of owners) {
    if (owner instanceof Inode) checkInode(owner, holders, opens.get(owner) ?? 0, that);
    else checkAnonVma(owner, holders, children.get(owner) ?? 0, that);
  }
}

/** Who shares an address space or descriptors, which threads a process has, and who waits. */
function checkTasks(kernel: Kernel, tasks: readonly Task[], that: Report): void {
  const users = new Map<Mm | FdTable, number>();
  for (const { mm, files } of tasks) {
    count(users, mm);
    count(users, files);
  }
  for (const [shared, found] of users)
    that(
      shared.users === found,
      () => `an address space or table of descriptors has ${shared.users} users, not ${found}`,
    );
  for (const { group } of kernel.tasks.values()) {
    const threads = tasks.filter((task) => task.group === group);
    const listed = threads.length === group.threads.length && threads.every((task) => group.threads.includes(task));
    that(listed, () => `process ${group.id} lists ${group.threads.length} threads, found ${threads.length}`);
    that(group.exited === (threads.length === 0), () => `process ${group.id} has ended or not, against its threads`);
  }
  checkWaitingCalls(kernel, tasks, that);
  const queues = kernel.parts.futexes.all();
  that(
    queues.every(({ length }) => length > 0),
    () => 'a queue of a futex has nobody in it',
  );
  const queued = queues.flat();
  const waiting = tasks.filter((task) => task.waitsFor === 'futex');
  that(
    queued.length === waiting.length && waiting.every((task) => queued.includes(task)),
    () => `${queued.length} tasks are queued at futexes, ${waiting.length} wait for one`,
  );
}

/** Requests for locks stand behind what they wait for, transfers of streams in queues; each is that of a task. */
function checkWaitingCalls(kernel: Kernel, tasks: readonly Task[], that: Report): void {
  let found = 0;
  const visit = (blocker: FileLock): void => {
    for (const [place, waiter] of blocker.waiters.entries()) {
      found++;
      that(waiter.blocker === blocker, () => 'a request for a lock is behind another than it says');
      const rival = blocker.waiters.slice(0, place).some((other) => other.conflicts(waiter));
      that(!rival, () => 'a request for a lock is beside one that it conflicts with');
      visit(waiter);
    }
  };
  let queued = 0;
  for (const owner of kernel.parts.owners.all()) {
    if (!(owner instanceof Inode)) continue;
    for (const lock of [...owner.locks.locks(), ...owner.flocks.locks()]) visit(lock);
    if (owner.stream !== null) queued += owner.stream.readQueue.size + owner.stream.writeQueue.size;
  }
  const streaming = tasks.filter((task) => task.waitsFor === 'stream').length;
  that(queued === streaming, () => `${queued} calls are queued at pipes and sockets, ${streaming} tasks wait for one`);
  const waiting = tasks.filter((task) => task.waitsFor === 'lock').length;
  that(found === waiting, () => `${found} requests for locks wait, ${waiting} tasks do`);
}

function checkCommitments(kernel: Kernel, mms: readonly Mm[], that: Report): void {
  let pages = 0;
  for (const mm of mms) for (const vma of mm.vmas) if (vma.flags & VM_ACCOUNT) pages += vma.pages;
  for (const owner of kernel.parts.owners.all()) if (owner instanceof Inode) pages += owner.chargedPages;
  const counted = kernel.parts.commitments.pages;
  that(counted === pages, () => `${counted} pages are committed, counted ${pages}`);
}

function checkInode(inode: Inode, holders: Holders, opens: number, that: Report): void {
  const name = `inode ${inode.id}`;
  const mappings = holders.vmas.get(inode) ?? 0;
  const writers = holders.writers.get(inode) ?? 0;
  that(inode.opens === opens, () => `${name}: ${inode.opens} open descriptions counted, found ${opens}`);
  that(inode.mappings.size === mappings, () => `${name}: ${inode.mappings.size} mappings kept, found ${mappings}`);
  that(
    inode.writableMappings === writers,
    () => `${name}: ${inode.writableMappings} writable mappings counted, found ${writers}`,
  );
  that(opens > 0 || inode.links > 0, () => `${name}: nothing holds it any more`);
}

function checkAnonVma(anonVma: AnonVma, holders: Holders, children: number, that: Report): void {
  const name = `AnonVma ${anonVma.id}`;
  const members = holders.vmas.get(anonVma) ?? 0;
  const active = holders.active.get(anonVma) ?? 0;
  const below = children + (anonVma.parent === null ? 1 : 0);
  that(anonVma.vmas.size === members, () => `${name}: ${anonVma.vmas.size} VMAs kept, found ${members}`);
  that(members > 0, () => `${name}: no VMA is in it`);
  that(
    anonVma.numActiveVmas === active,
    () => `${name}: ${anonVma.numActiveVmas} active VMAs counted, found ${active}`,
  );
  that(anonVma.numChildren === below, () => `${name}: ${anonVma.numChildren} children counted, found ${below}`);
}
