/**
 * A counter in shared anonymous memory, incremented by a forked child and seen by its parent:
 *
 *   shared = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0);
 *   own    = mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0);
 *   if (fork() == 0) { ++*shared; ++*own; exit(0); }
 *   wait(NULL);
 *
 * The shared page is one frame with two names. The private one is copied by the child's first store.
 */
import { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, Machine, PROT_READ, PROT_WRITE, type Process } from 'faultline';

const PAGE = 4096;

function increment(process: Process, va: number): void {
  process.store32(va, process.load32(va) + 1);
}

function show(who: string, process: Process): void {
  console.log(`${who}: shared ${process.load32(shared)}, own ${process.load32(own)}`);
}

const machine = new Machine();
const parent = machine.spawn();
const shared = parent.mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS);
const own = parent.mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
parent.store32(shared, 41);
parent.store32(own, 41);
show('parent before', parent);

const child = parent.fork();
increment(child, shared);
increment(child, own);
show('child        ', child);
child.exit(0);

const status = parent.wait(child);
console.log(`child ended: exit code ${status.exitCode}, signal ${status.signal}`);
show('parent after ', parent);
console.log(`pages copied: ${machine.vmstat().cow_copied}`);
