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
  /** From `first` on sorted by time, then by sequence; what stands before has run. */
  private alarms: Alarm[];
  private first: number;
  /** When the next alarm is due, or Infinity: looked at after each access that faulted. */
  private dueNs: number;
  private readonly handlers: Map<string, AlarmHandler>;

  constructor() {
    this.nowNs = 0;
    this.sequence = 0;
    this.alarms = [];
    this.first = 0;
    this.dueNs = Number.POSITIVE_INFINITY;
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
    const { alarms } = this;
    let place = alarms.length;
    while (place > this.first && (alarms[place - 1] as Alarm).atNs > atNs) place--;
    if (place === alarms.length) alarms.push(alarm);
    else alarms.splice(place, 0, alarm);
    this.dueNs = this.nextAtNs();
  }

  /** Time of the next alarm, or Infinity. */
  nextAtNs(): number {
    return this.first < this.alarms.length ? (this.alarms[this.first] as Alarm).atNs : Number.POSITIVE_INFINITY;
  }

  /** Runs the alarms that are due by now. */
  runDue(): void {
    while (this.dueNs <= this.nowNs) this.fireNext();
  }

  /** Moves time on to the next alarm and runs it; false when there is none. */
  runNext(): boolean {
    if (this.first === this.alarms.length) return false;
    this.nowNs = Math.max(this.nowNs, this.nextAtNs());
    this.fireNext();
    return true;
  }

  private fireNext(): void {
    const alarm = this.takeFirst();
    this.dueNs = this.nextAtNs();
    const handler = this.handlers.get(alarm.kind);
    assert(handler !== undefined, `alarm kind ${alarm.kind} has no handler`);
    handler(alarm.args);
  }

  /** A whole file's requests may be in flight: taking them off the front one by one would move all others each time. */
  private takeFirst(): Alarm {
    const alarm = this.alarms[this.first++] as Alarm;
    if (this.first > 64 && this.first * 2 > this.alarms.length) {
      this.alarms.splice(0, this.first);
      this.first = 0;
    }
    return alarm;
  }
}
