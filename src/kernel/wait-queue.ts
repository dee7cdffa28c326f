/**
 * Those who wait for one thing, in the order in which they are woken.
 *
 * Place: state of what is waited for (streams); locks have trees of their own (file-lock.ts). Whoever is woken is taken out, and
 * puts itself in again if it has to wait on.
 * Source: Linux kernel/sched/wait.c; exclusive waiters go to the tail, others to the head.
 */

/** Whoever is told that it may try again. */
export interface Waker {
  wake(): void;
}

export class WaitQueue {
  private readonly waiters: Waker[];

  constructor() {
    this.waiters = [];
  }

  get size(): number {
    return this.waiters.length;
  }

  addLast(waiter: Waker): void {
    this.waiters.push(waiter);
  }

  addFirst(waiter: Waker): void {
    this.waiters.unshift(waiter);
  }

  remove(waiter: Waker): void {
    const place = this.waiters.indexOf(waiter);
    if (place >= 0) this.waiters.splice(place, 1);
  }

  wakeFirst(): void {
    this.waiters.shift()?.wake();
  }

  wakeAll(): void {
    for (const waiter of this.waiters.splice(0)) waiter.wake();
  }
}
