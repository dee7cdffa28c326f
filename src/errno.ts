/**
 * Error numbers of Linux on x86-64.
 *
 * Inside the machine a failing call is the negative of one of these (`-ENOMEM`), never an
 * exception; the public face turns it into a `SyscallError` whose `code` is the name.
 * Source: Linux include/uapi/asm-generic/errno-base.h and errno.h.
 */

export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const EIO = 5;
export const ENXIO = 6;
export const ENOEXEC = 8;
export const EBADF = 9;
export const ECHILD = 10;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const EBUSY = 16;
export const EEXIST = 17;
export const EXDEV = 18;
export const ENODEV = 19;
export const ENOTDIR = 20;
export const EISDIR = 21;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const ENOTTY = 25;
export const ETXTBSY = 26;
export const EFBIG = 27;
export const ENOSPC = 28;
export const ESPIPE = 29;
export const EROFS = 30;
export const EMLINK = 31;
export const EPIPE = 32;
export const ERANGE = 34;
export const EDEADLK = 35;
export const ENAMETOOLONG = 36;
export const ENOSYS = 38;
export const ENOTEMPTY = 39;
export const ELOOP = 40;
export const EIDRM = 43;
export const EOVERFLOW = 75;
export const EOPNOTSUPP = 95;
export const ECONNRESET = 104;
export const ETIMEDOUT = 110;
export const EHWPOISON = 133;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries({
    EPERM,
    ENOENT,
    ESRCH,
    EINTR,
    EIO,
    ENXIO,
    ENOEXEC,
    EBADF,
    ECHILD,
    EAGAIN,
    ENOMEM,
    EACCES,
    EFAULT,
    EBUSY,
    EEXIST,
    EXDEV,
    ENODEV,
    ENOTDIR,
    EISDIR,
    EINVAL,
    ENFILE,
    EMFILE,
    ENOTTY,
    ETXTBSY,
    EFBIG,
    ENOSPC,
    ESPIPE,
    EROFS,
    EMLINK,
    EPIPE,
    ERANGE,
    EDEADLK,
    ENAMETOOLONG,
    ENOSYS,
    ENOTEMPTY,
    ELOOP,
    EIDRM,
    EOVERFLOW,
    EOPNOTSUPP,
    ECONNRESET,
    ETIMEDOUT,
    EHWPOISON,
  }).map(([name, number]) => [number, name]),
);

/** The name of a positive error number (`12` -> `ENOMEM`); of an unknown one the number itself. */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? String(errno);
}

/** The last numbers below 0 are error numbers; what is smaller yet is a value, as Linux's user space takes it (MAX_ERRNO). */
const MAX_ERRNO = 4095;

/** Whether a raw result is a failure. */
export function isFailure(result: number | bigint): boolean {
  return result < 0 && result >= -MAX_ERRNO;
}
