import { useCallback, useEffect, useState } from "preact/hooks";
import { isAbort, messageOf } from "../api/client.js";

/** The state of a load: value, error, or still loading. The old value stays while a newer one is loading. */
export interface Loaded<T> {
  readonly value: T | undefined;
  readonly error: string | undefined;
  readonly loading: boolean;
  readonly reload: () => void;
}

/** Loads now and whenever `key` changes; a load for an older key is aborted. */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ value?: T; error?: string; loading: boolean }>({ loading: true });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const abort = new AbortController();
    setState(({ value }) => ({ ...known(value), loading: true }));
    load(abort.signal).then(
      (value) => setState({ value, loading: false }),
      (error: unknown) => {
        // The value loaded before stays, since the user may be editing it.
        if (!isAbort(error)) setState(({ value }) => ({ ...known(value), error: messageOf(error), loading: false }));
      },
    );
    return () => abort.abort();
    // `load` is a new function at each rendering; `key` contains everything that it depends on.
  }, [key, turn]);
  const reload = useCallback(() => setTurn((before) => before + 1), []);
  return { value: state.value, error: state.error, loading: state.loading, reload };
}

function known<T>(value: T | undefined): { value?: T } {
  return value === undefined ? {} : { value };
}
