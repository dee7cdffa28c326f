/**
 * The scenario of `faultline demo`: what a first look at the machine should show, in about twenty statements.
 *
 * Comments that stand alone are printed before the statement that follows them. A test keeps what it says true.
 */
export const DEMO_SCENARIO = `# faultline demo: a tour of virtual memory. Every line below ran on the simulated machine just now.
% machine fs=ext4 cpus=2 ram=16M

# 1. Demand zero. mmap only notes a range; a page comes with the first access to it.
p = mmap(NULL, 2*4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)
load8(p)
store8(p, 65)
store8(p+1, 66)

# 2. A file in memory. One fault maps the pages around it that the page cache has.
fd = open("story", O_RDWR|O_CREAT)
write(fd, "Once upon a time" + "."*10000)
q = mmap(NULL, 4*4096, PROT_READ|PROT_WRITE, MAP_SHARED, fd, 0)
load8(q)
load8(q+4096)

# 3. Dirty pages. The first store is noticed; msync writes the page back, and the next store is noticed again.
store8(q, 111)
msync(q, 4096, MS_SYNC)
store8(q, 79)
% explain q

# 4. Copy-on-write. fork shares every private page; who stores first gets a copy, who stores last keeps the page.
c = fork()
c: store8(p, 67)
store8(p, 68)

# 5. Two processors. A TLB that may hold what goes away is told by an interrupt.
% cpu main 1
load8(p)
munmap(p, 4096)

# 6. Signals. No mapping at all is SIGSEGV; a mapping without a page of the file behind it is SIGBUS.
load8(p)
store8(q+3*4096, 1)
`;
