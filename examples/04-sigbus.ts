/**
 * SIGBUS: a mapping may be longer than its file.
 *
 * Up to the end of the file's last page everything works; the bytes beyond the end of the file are
 * zeros there. A page that lies wholly beyond it is SIGBUS, and truncate makes such pages of good ones.
 */
import {
  BUS_ADRERR,
  MAP_PRIVATE,
  MAP_SHARED,
  Machine,
  O_CREAT,
  O_RDWR,
  PROT_READ,
  PROT_WRITE,
  SIGBUS,
  SignalError,
} from 'faultline';

const PAGE = 4096;

const machine = new Machine();
const process = machine.spawn();
// A handler that gives the access up, so that the process lives on; without it, it would die of the signal.
process.sigaction(SIGBUS, () => 'abandon');

const fd = process.open('/data', O_CREAT | O_RDWR);
process.ftruncate(fd, PAGE + 100);
const shared = process.mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
const copied = process.mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

function attempt(what: string, access: () => number | undefined): void {
  try {
    console.log(`${what}: ${access() ?? 'done'}`);
  } catch (error) {
    if (!(error instanceof SignalError) || error.signal !== SIGBUS || error.code !== BUS_ADRERR) throw error;
    console.log(`${what}: SIGBUS BUS_ADRERR at +0x${(Number(error.address) - region).toString(16)}`);
  }
}

let region = shared;
console.log('the file has one page and 100 bytes');
attempt('load  +0x1063, the last byte', () => process.load8(shared + PAGE + 99));
attempt('store +0x1800, beyond the end', () => process.store8(shared + PAGE + 0x800, 7) as undefined);
attempt('load  +0x1800', () => process.load8(shared + PAGE + 0x800));
attempt('load  +0x2000, a page beyond', () => process.load8(shared + 2 * PAGE));
console.log(`size: ${process.fstat(fd).size}`);

process.store8(copied + PAGE, 42); // a private copy of the second page
process.ftruncate(fd, 50);
console.log('truncated to 50 bytes');
attempt('load  +0x1000', () => process.load8(shared + PAGE));
region = copied;
attempt('load  +0x1000, the private copy', () => process.load8(copied + PAGE));

process.ftruncate(fd, 2 * PAGE);
console.log('grown to two pages');
region = shared;
attempt('load  +0x1000', () => process.load8(shared + PAGE));
attempt('load  +0x1800', () => process.load8(shared + PAGE + 0x800));
