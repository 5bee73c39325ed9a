/** Whether a word of the command line names a file, and not a version that a registry may have. */
export const namesFile = (target: string): boolean => /\/|\.tgz$|\.tar\.gz$/.test(target);
