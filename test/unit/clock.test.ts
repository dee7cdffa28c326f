/** The order of alarms. */
import { expect, test } from 'vitest';
import { Clock } from '../../src/clock.ts';

function clockWithLog(): { clock: Clock; log: number[] } {
  const clock = new Clock();
  const log: number[] = [];
  clock.onAlarm('note', ([what]) => log.push(what));
  return { clock, log };
}

test('alarms run by time, and at the same time in the order in which they were set', () => {
  const { clock, log } = clockWithLog();
  clock.set(20, 'note', [1]);
  clock.set(10, 'note', [2]);
  clock.set(20, 'note', [3]);
  clock.set(10, 'note', [4]);
  clock.advance(10);
  clock.runDue();
  expect([log, clock.nextAtNs()]).toEqual([[2, 4], 20]);
  expect([clock.runNext(), clock.runNext(), clock.runNext()]).toEqual([true, true, false]);
  expect([log, clock.nowNs, clock.nextAtNs()]).toEqual([[2, 4, 1, 3], 20, Number.POSITIVE_INFINITY]);
});

test('many alarms, set while others run, keep their order', () => {
  const clock = new Clock();
  const times: number[] = [];
  clock.onAlarm('again', ([left]) => {
    times.push(clock.nowNs);
    if (left > 0) clock.set(clock.nowNs + 300, 'again', [left - 1]);
  });
  for (let at = 1; at <= 500; at++) clock.set(at, 'again', [at % 3]);
  while (clock.runNext());
  expect(times).toHaveLength(500 + 167 + 2 * 167);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});
