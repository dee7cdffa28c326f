/**
 * What one access does, told from the trace: the records that the machine writes on its way.
 */
import {
  decodeRecord,
  MAP_PRIVATE,
  Machine,
  O_CREAT,
  O_RDWR,
  PROT_READ,
  PROT_WRITE,
  type RecordName,
  TRACE_EVENT,
  type TraceRecord,
} from 'faultline';

const PAGE = 4096;
const WRITE = 2; // the bits of an x86 page-fault error code
const PRESENT = 1;

const SENTENCES: Partial<Record<RecordName, (fields: TraceRecord['fields']) => string>> = {
  page_fault_user: ({ va, errorCode }) =>
    `a ${errorCode & WRITE ? 'store' : 'load'} at +0x${(va - base).toString(16)} faults: ${errorCode & PRESENT ? 'the entry does not allow it' : 'no entry'}`,
  map_file_page: ({ index, pfn }) => `page ${index} of the file, in frame ${pfn}, is mapped`,
  fault_around: ({ mapped }) => `fault-around found ${mapped} pages in the cache`,
  cow_copy: ({ fromPfn, toPfn }) => `frame ${fromPfn} is copied to frame ${toPfn}`,
  tlb_flush: ({ pages }) => `${pages} page is dropped from the TLB`,
  fault_done: ({ major }) => `resolved, ${major ? 'major' : 'minor'}; the access is tried again`,
};

const machine = new Machine();
const process = machine.spawn();
const fd = process.open('/file', O_CREAT | O_RDWR);
process.write(fd, new TextEncoder().encode('first page'));
process.pwrite(fd, new TextEncoder().encode('second page'), PAGE);
const base = process.mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

machine.attach({
  mask: TRACE_EVENT,
  drain(records, count) {
    for (let place = 0; place < count; place++) {
      const { kind, fields } = decodeRecord(records, place);
      const sentence = SENTENCES[kind];
      if (sentence !== undefined) console.log(`  ${sentence(fields)}`);
    }
  },
});

console.log('load from page 0');
process.load8(base);
console.log('load from page 1');
process.load8(base + PAGE);
console.log('store to page 1');
process.store8(base + PAGE, 0x53);
console.log('store to page 1 again');
process.store8(base + PAGE + 1, 0x45);
console.log(`the file has '${new TextDecoder().decode(process.pread(fd, 11, PAGE))}'`);
console.log(`the process sees '${new TextDecoder().decode(process.copyIn(base + PAGE, 11))}'`);
