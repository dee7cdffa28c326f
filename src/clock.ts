/**
 * Simulated time in nanoseconds, and the alarms that are the machine's only upward calls.
 *
 * An alarm is a record {at, kind, args}, never a closure, so that a snapshot can hold it; whoever
 * owns a kind registers one handler for it when the machine is built. Alarms due at the same time
 * run in the order in which they were set. Time only moves by `advance` and `runUntil`.
 */

import { assert } from './assert.ts';

/** Something due at a time. `args` are plain numbers whose meaning belongs to the kind. */
export interface Alarm {
  readonly atNs: number;
  readonly sequence: number;
  readonly kind: string;
  readonly args: readonly number[];
}

export type AlarmHandler = (args: readonly number[]) => void;

export class Clock {
  nowNs: number;
  private sequence: number;
  /** Sorted by time, then by sequence; short (requests in flight and a few timers). */
  private alarms: Alarm[];
  private readonly handlers: Map<string, AlarmHandler>;

  constructor() {
    this.nowNs = 0;
    this.sequence = 0;
    this.alarms = [];
    this.handlers = new Map();
  }

  onAlarm(kind: string, handler: AlarmHandler): void {
    assert(!this.handlers.has(kind), `alarm kind ${kind} has two handlers`);
    this.handlers.set(kind, handler);
  }

  advance(ns: number): void {
    this.nowNs += ns;
  }

  set(atNs: number, kind: string, args: readonly number[]): void {
    const alarm = { atNs, sequence: this.sequence++, kind, args };
    let place = this.alarms.length;
    while (place > 0 && (this.alarms[place - 1] as Alarm).atNs > atNs) place--;
    this.alarms.splice(place, 0, alarm);
  }

  /** Time of the next alarm, or Infinity. */
  nextAtNs(): number {
    return this.alarms.length > 0 ? (this.alarms[0] as Alarm).atNs : Number.POSITIVE_INFINITY;
  }

  /** Runs the alarms that are due by now. */
  runDue(): void {
    while (this.nextAtNs() <= this.nowNs) this.fireNext();
  }

  /** Moves time on to the next alarm and runs it; false when there is none. */
  runNext(): boolean {
    if (this.alarms.length === 0) return false;
    this.nowNs = Math.max(this.nowNs, this.nextAtNs());
    this.fireNext();
    return true;
  }

  private fireNext(): void {
    const alarm = this.alarms.shift() as Alarm;
    const handler = this.handlers.get(alarm.kind);
    assert(handler !== undefined, `alarm kind ${alarm.kind} has no handler`);
    handler(alarm.args);
  }
}
