/** Values as they come, of which only the newest is passed on now and then. */
export interface Newest<T> {
  give: (value: T) => void;
  /** Nothing is passed on any more. */
  stop: () => void;
}

/** Passes on the newest value that was given, at most once in so many milliseconds; what came before it is dropped. */
export function atMostEvery<T>(milliseconds: number, pass: (value: T) => void): Newest<T> {
  let newest: { readonly value: T } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    timer = undefined;
    if (newest === undefined) return;
    pass(newest.value);
    newest = undefined;
    timer = setTimeout(look, milliseconds);
  };
  return {
    give: (value) => {
      newest = { value };
      timer ??= setTimeout(look, 0);
    },
    stop: () => {
      clearTimeout(timer);
      newest = undefined;
    },
  };
}
