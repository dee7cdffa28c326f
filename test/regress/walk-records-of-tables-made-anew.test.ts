/**
 * While it is traced, a walk reads one entry where the last one read the upper ones. Tables that were freed and made anew in
 * between, by MAP_POPULATE and so without a walk, stood elsewhere: the records showed the entries of the old ones.
 */

import { expect, test } from 'vitest';
import { MAP_ANONYMOUS, MAP_FIXED, MAP_POPULATE, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/flags.ts';
import { entriesRead, Machine } from '../../src/index.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { TRACE_EVENT, TraceCollector } from '../../src/trace.ts';

const PAGE = 4096;
const ENTRY = 8;
const AT = 0x1000_0000_0000;
const ELSEWHERE = AT + 2 ** 40;

test('a traced walk shows the tables there are, not those that were freed', () => {
  const machine = new Machine({ ram: '16M' });
  const { tables, trace } = (machine as unknown as { readonly kernel: Kernel }).kernel.parts;
  const process = machine.spawn();
  const map = (address: number, flags: number): number =>
    process.mmap(address, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | flags);
  const sink = new TraceCollector(TRACE_EVENT);
  machine.attach(sink);

  map(AT, 0);
  process.store8(AT, 1);
  process.munmap(AT, PAGE);
  map(ELSEWHERE, MAP_POPULATE);
  map(AT, MAP_POPULATE);
  sink.take();
  process.load8(AT);
  trace.drain();

  let table = process.task.mm.root;
  const expected = Array.from({ length: tables.levels }, (_, level) => {
    const slot = table * tables.entriesPerTable + tables.indexAt(AT, level);
    table = tables.frame(slot);
    return slot * ENTRY;
  });
  const records = sink.take();
  const [entries, walk] = ['walk_entries', 'walk'].map((kind) => records.find((record) => record.kind === kind));
  const read = entriesRead(entries?.fields ?? {}, walk?.fields ?? {}, machine.config.scheme);
  expect(read.map(({ pa }) => pa)).toEqual(expected);
});
