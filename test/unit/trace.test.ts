import { describe, expect, test } from 'vitest';
import { RECORD_ID, TRACE_EVENT, TRACE_STATE, Trace, TraceCollector } from '../../src/trace.ts';

/** Writes a record for each number of [from, end). */
function write(trace: Trace, from: number, end: number): void {
  for (let pfn = from; pfn < end; pfn++) trace.emit(RECORD_ID.mm_page_alloc, pfn, 0, 0, 0);
}

/** Writes the three records of a walk, which name `number`. */
function writeWalk(trace: Trace, number: number): void {
  trace.first = number;
  trace.emitWalk(2, 1, Float64Array.of(number, 1, -2, 0, 0), 2, 0);
}

function numbers(records: readonly { readonly fields: Readonly<Record<string, number>> }[]): number[] {
  return records.map(({ fields }) => fields['pfn'] as number);
}

/** `count` numbers, the last of which is `end` - 1. */
function upTo(end: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => end - count + i);
}

describe('the ring', () => {
  test.each([0, 3, 64, 255, 256, 257, 300, 512, 1000])('keeps the last of %i records, oldest first', (written) => {
    const trace = new Trace();
    trace.enable(TRACE_EVENT);
    write(trace, 0, written);
    expect(numbers(trace.last())).toEqual(upTo(written, Math.min(written, 64)));
  });

  test.each([100, 256, 700])(
    'gives a sink that comes after %i records the newest in their order, then all that follow',
    (written) => {
      const trace = new Trace();
      const sink = new TraceCollector(TRACE_EVENT);
      trace.enable(TRACE_EVENT);
      write(trace, 0, written);
      trace.attach(sink);
      write(trace, written, written + 5);
      trace.drain();
      expect(numbers(sink.take())).toEqual(upTo(written + 5, Math.min(written, 256) + 5));
    },
  );
});

/** What `writeWalk` writes. */
function walkOf(number: number): [string, Readonly<Record<string, number>>][] {
  return [
    ['tlb_miss', { va: number, access: 2, level: 1 }],
    ['walk_entries', { root: number, entry0: 1, entry1: -2, entry2: 0, entry3: 0 }],
    ['walk', { va: number, references: 2, result: 0 }],
  ];
}

describe('the records of a walk', () => {
  test.each([0, 252, 253, 254, 255, 256])('stand in their order behind %i others in the ring', (written) => {
    const trace = new Trace();
    trace.enable(TRACE_EVENT);
    write(trace, 0, 300);
    write(trace, 0, written);
    for (const number of [7000, 8000]) writeWalk(trace, number);
    const last = trace.last().map(({ kind, fields }) => [kind, fields]);
    expect(last.slice(-6)).toEqual([...walkOf(7000), ...walkOf(8000)]);
    expect(last.length).toBe(64);
    const sink = new TraceCollector(TRACE_EVENT);
    trace.attach(sink);
    trace.drain();
    const drained = sink.take().map(({ kind, fields }) => [kind, fields]);
    expect(drained.slice(-64)).toEqual(last);
    expect(drained.length).toBeGreaterThan(250);
  });

  test.each([253, 254, 255, 256])('are not lost behind %i others for a sink', (written) => {
    const trace = new Trace();
    const sink = new TraceCollector(TRACE_EVENT);
    trace.attach(sink);
    write(trace, 0, written);
    writeWalk(trace, 7000);
    write(trace, 0, 1);
    trace.drain();
    const records = sink.take();
    expect(records.length).toBe(written + 4);
    expect(records.slice(written, -1).map(({ kind, fields }) => [kind, fields])).toEqual(walkOf(7000));
  });
});

describe('a sink', () => {
  test('loses nothing, however much is written in one access', () => {
    const trace = new Trace();
    const sink = new TraceCollector(TRACE_EVENT);
    trace.attach(sink);
    write(trace, 0, 2000);
    trace.drain();
    write(trace, 2000, 2010);
    trace.drain();
    expect(numbers(sink.take())).toEqual(upTo(2010, 2010));
  });

  test('gets no mutations unless it asks for them', () => {
    const trace = new Trace();
    const events = new TraceCollector(TRACE_EVENT);
    trace.attach(events);
    trace.emit(RECORD_ID.pte_set, 1, 2, 3, 4);
    trace.drain();
    expect(events.take()).toEqual([]);
    const all = new TraceCollector(TRACE_EVENT | TRACE_STATE);
    trace.attach(all);
    trace.emit(RECORD_ID.pte_set, 1, 2, 3, 4);
    trace.drain();
    expect(all.take().map(({ kind }) => kind)).toEqual(['pte_set']);
  });
});
