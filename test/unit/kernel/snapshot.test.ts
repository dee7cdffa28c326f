import { describe, expect, test } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, O_CREAT, O_RDWR, PROT_READ, PROT_WRITE } from '../../../src/flags.ts';
import { Machine, type Process, TRACE_EVENT } from '../../../src/index.ts';
import { restoreGraph, saveGraph } from '../../../src/kernel/snapshot.ts';
import { RngStream } from '../../../src/rng.ts';
import { TraceCollector } from '../../../src/trace.ts';

const PAGE = 4096;
const RW = PROT_READ | PROT_WRITE;

describe('a graph of objects', () => {
  test('gets its numbers, texts and nulls back, objects staying themselves', () => {
    const inner = { value: 1, other: null as object | null };
    const root = { name: 'a', inner, again: inner };
    const snapshot = saveGraph(root);
    root.name = 'b';
    root.inner = { value: 5, other: null };
    inner.value = 2;
    inner.other = root;
    restoreGraph(snapshot);
    expect(root).toEqual({ name: 'a', inner: { value: 1, other: null }, again: { value: 1, other: null } });
    expect(root.inner).toBe(inner);
  });

  test('may have circles', () => {
    const root: { self: unknown; value: number } = { self: null, value: 1 };
    root.self = root;
    const snapshot = saveGraph(root);
    root.value = 2;
    root.self = null;
    restoreGraph(snapshot);
    expect([root.self === root, root.value]).toEqual([true, 1]);
  });

  test('keeps the order of arrays, maps and sets', () => {
    const root = {
      list: [1, 2, 3],
      map: new Map([
        ['b', { n: 1 }],
        ['a', { n: 2 }],
      ]),
      set: new Set([3, 1]),
    };
    const snapshot = saveGraph(root);
    root.list.push(4);
    (root.map.get('b') as { n: number }).n = 9;
    root.map.delete('b');
    root.map.set('b', { n: 7 });
    root.set.add(2);
    root.set.delete(3);
    restoreGraph(snapshot);
    expect(root.list).toEqual([1, 2, 3]);
    expect([...root.map]).toEqual([
      ['b', { n: 1 }],
      ['a', { n: 2 }],
    ]);
    expect([...root.set]).toEqual([3, 1]);
  });

  test('saves a buffer once, whatever views it has', () => {
    const buffer = new ArrayBuffer(8);
    const root = { bytes: new Uint8Array(buffer), words: new Uint32Array(buffer), view: new DataView(buffer) };
    root.words[1] = 0x01020304;
    const snapshot = saveGraph(root);
    expect(snapshot.objects.filter((saved) => saved.kind === 'bytes').length).toBe(1);
    root.bytes.fill(9);
    restoreGraph(snapshot);
    expect([root.words[1], root.view.getUint8(4)]).toEqual([0x01020304, 4]);
  });

  test('is not touched by what happens after, however often it is put back', () => {
    const root = { list: [[1]], bytes: new Uint8Array(2) };
    const snapshot = saveGraph(root);
    for (let round = 0; round < 2; round++) {
      root.list[0]?.push(2);
      root.list.push([3]);
      root.bytes[0] = 1;
      restoreGraph(snapshot);
      expect(root).toEqual({ list: [[1]], bytes: new Uint8Array(2) });
    }
  });

  test('a stream of random numbers goes on as it would have', () => {
    const root = { stream: new RngStream('test') };
    root.stream.below(10);
    const snapshot = saveGraph(root);
    const first = Array.from({ length: 20 }, () => root.stream.fraction());
    restoreGraph(snapshot);
    expect(Array.from({ length: 20 }, () => root.stream.fraction())).toEqual(first);
  });
});

describe('a machine', () => {
  function build(): { machine: Machine; process: Process } {
    const machine = new Machine({
      ram: '16M',
      fs: 'ext4',
      cpus: 2,
      tlb: [{ sets: 2, ways: 2, replacement: 'random' }],
      invariants: 2,
    });
    return { machine, process: machine.spawn() };
  }

  /** Something of everything: private, shared and file memory, a child, a descriptor. */
  function live(process: Process): { start: number; shared: number; fd: number } {
    const fd = process.open('file', O_RDWR | O_CREAT);
    process.pwrite(fd, new Uint8Array(3 * PAGE).fill(7), 0);
    const start = process.mmap(0, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS);
    const shared = process.mmap(0, 3 * PAGE, RW, MAP_SHARED, fd, 0);
    process.store8(start, 1);
    process.store8(shared, 2);
    return { start, shared, fd };
  }

  test('goes back to every byte, mapping and count', () => {
    const { machine, process } = build();
    const { start, shared, fd } = live(process);
    const snapshot = machine.snapshot();
    const seen = (): unknown => [
      process.copyIn(start, 4 * PAGE).join(),
      process.pread(fd, 3 * PAGE, 0).join(),
      process.maps(),
      process.smaps(shared),
    ];
    const before = seen();
    machine.restore(snapshot);
    const counts = [machine.vmstat(), machine.tlbCounts(), machine.timeNs];
    process.copyOut(start, new Uint8Array(4 * PAGE).fill(9));
    process.ftruncate(fd, 1);
    process.munmap(shared + PAGE, PAGE);
    process.fsync(fd);
    process.fork().store8(start, 5);
    expect(seen()).not.toEqual(before);
    machine.restore(snapshot);
    expect([machine.vmstat(), machine.tlbCounts(), machine.timeNs]).toEqual(counts);
    expect(seen()).toEqual(before);
  });

  test('takes handles of processes along, in both directions', () => {
    const { machine, process } = build();
    const { start } = live(process);
    const child = process.fork();
    const early = machine.snapshot();
    child.store8(start, 3);
    const grandchild = child.fork();
    const late = machine.snapshot();
    child.exit();
    machine.restore(early);
    expect(machine.processes().map((one) => one.id)).toEqual([process.id, child.id]);
    expect([child.alive, child.load8(start)]).toEqual([true, 1]);
    expect(() => grandchild.load8(start)).toThrow('has ended');
    expect(() => grandchild.brk(0)).toThrow('has ended');
    machine.restore(late);
    expect([grandchild.alive, grandchild.load8(start), child.load8(start)]).toEqual([true, 3, 3]);
  });

  test('gives the next child the number it would have had', () => {
    const { machine, process } = build();
    const snapshot = machine.snapshot();
    const first = process.fork().id;
    machine.restore(snapshot);
    expect(process.fork().id).toBe(first);
  });

  test('leaves those who watch alone', () => {
    const { machine, process } = build();
    const sink = new TraceCollector(TRACE_EVENT);
    machine.attach(sink);
    const { start } = live(process);
    const snapshot = machine.snapshot();
    sink.take();
    process.store8(start + PAGE, 1);
    const later = new TraceCollector(TRACE_EVENT);
    machine.attach(later);
    machine.restore(snapshot);
    const seen = sink.take();
    expect(seen.length).toBeGreaterThan(0);
    process.store8(start + PAGE, 1);
    expect(sink.take()).toEqual(seen);
    expect(later.take()).toEqual(seen);
  });
});
