/** Names of files, as /proc/PID/maps shows them. */

/** A name in a directory, shared by what was opened through it: maps follows renames and shows deletion. */
export class Dentry {
  name: string;
  removed: boolean;

  constructor(name: string, removed: boolean) {
    this.name = name;
    this.removed = removed;
  }

  /** As /proc/PID/maps shows it, without the directory. */
  get shown(): string {
    return this.removed ? `${this.name} (deleted)` : this.name;
  }
}
