const open: (() => unknown)[] = [];

/**
 * Has something closed once the test that runs has ended. Support files say it here: a hook of their own would be one of the first
 * test file alone that loads them, as files share what they load.
 */
export function closeAfterTest(close: () => unknown): void {
  open.push(close);
}

/** Closes all of it, the last first. */
export async function closeOpen(): Promise<void> {
  for (const close of open.splice(0).reverse()) await close();
}
