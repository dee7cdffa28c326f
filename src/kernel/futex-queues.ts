/**
 * The queues of tasks that wait on a word of memory.
 *
 * Place: under futex.ts, which says what word is meant; the exiter takes tasks out that end.
 * Invariant: a task is in one queue if it waits for a futex, and in none otherwise; no queue is empty.
 * Source: Linux kernel/futex/core.c (tasks of one priority are woken in the order they came).
 */

import type { Task } from './task.ts';

export class Futexes {
  /** By key, those who came first at the front. */
  private readonly queues: Map<string, Task[]>;

  constructor() {
    this.queues = new Map();
  }

  add(key: string, task: Task): void {
    task.waitsFor = 'futex';
    const queue = this.queues.get(key);
    if (queue === undefined) this.queues.set(key, [task]);
    else queue.push(task);
  }

  /** Wakes at most `count` tasks; how many it were. */
  wake(key: string, count: number): number {
    const queue = this.queues.get(key) ?? [];
    const woken = queue.splice(0, count);
    for (const task of woken) {
      task.waitsFor = '';
      task.waited = { call: null, result: 0, signal: null };
    }
    if (queue.length === 0) this.queues.delete(key);
    return woken.length;
  }

  /** A task that waits has ended. */
  forget(task: Task): void {
    for (const [key, queue] of this.queues) {
      const place = queue.indexOf(task);
      if (place < 0) continue;
      queue.splice(place, 1);
      if (queue.length === 0) this.queues.delete(key);
    }
  }

  /** All queues there are. */
  all(): readonly (readonly Task[])[] {
    return [...this.queues.values()];
  }
}
