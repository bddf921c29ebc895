import type { AttemptOutcome, AttemptSummary } from "@rollcall/protocol";
import { attemptOutcomes } from "@rollcall/protocol/attempts";
import { useEffect, useState } from "preact/hooks";
import { isAbort, messageOf } from "../api/client.js";
import { listAttempts } from "../api/operator.js";
import { watchAttempts } from "../api/watch-attempts.js";
import { mergeAttempt } from "../model/merge-attempt.js";
import { countOf } from "../model/words.js";
import { Pill, Problem } from "../parts/bits.js";
import { SelectField } from "../parts/field.js";
import { useTitle } from "../parts/use-title.js";
import { keep, kept } from "../routing/router.js";
import { AttemptTable } from "./attempt-table.js";

const PAGE = 100;
/** The page keeps this many attempts; the service has the older ones. */
const MAX_LINES = 500;

interface State {
  readonly attempts: readonly AttemptSummary[];
  readonly next?: string | undefined;
  readonly live: boolean;
  readonly problem?: string | undefined;
  readonly missed: number;
}

type Filter = AttemptOutcome | "all";

/** Kept in the history: a user who opens an enrollment and comes back finds the same filter. */
interface Shown {
  readonly filter: Filter;
}

/** Loads the list of attempts and follows its changes. */
function useLiveAttempts(filter: Filter) {
  const [state, setState] = useState<State>({ attempts: [], live: false, missed: 0 });
  const outcome = filter === "all" ? undefined : filter;
  useEffect(() => {
    const abort = new AbortController();
    const update = (change: (before: State) => State) => !abort.signal.aborted && setState(change);
    const merge = (attempts: readonly AttemptSummary[], changed: AttemptSummary) =>
      mergeAttempt(attempts, changed, { outcome, max: MAX_LINES });
    // The loaded list may lack the changes that arrive while it loads.
    let meanwhile: AttemptSummary[] | undefined;
    const load = async () => {
      try {
        meanwhile = [];
        const { items, next } = await listAttempts({ limit: PAGE, outcome }, abort.signal);
        const attempts = (meanwhile ?? []).reduce(merge, items);
        meanwhile = undefined;
        update((before) => ({ ...before, attempts, next, live: true, problem: undefined, missed: 0 }));
      } catch (error) {
        if (!isAbort(error)) update((before) => ({ ...before, live: false, problem: messageOf(error) }));
      }
    };
    void watchAttempts(
      {
        opened: () => void load(),
        attempt: (attempt) => {
          meanwhile?.push(attempt);
          update((before) => ({ ...before, attempts: merge(before.attempts, attempt) }));
        },
        missed: (count) => update((before) => ({ ...before, missed: before.missed + count })),
        lost: (problem) => update((before) => ({ ...before, live: false, problem })),
      },
      abort.signal,
    );
    return () => abort.abort();
  }, [outcome]);
  const more = async () => {
    const { items, next } = await listAttempts({ limit: PAGE, outcome, after: state.next });
    setState((before) => ({ ...before, attempts: [...before.attempts, ...items], next }));
  };
  return { ...state, more };
}

const choices = [
  { value: "all", label: "All outcomes" },
  ...attemptOutcomes.map((outcome) => ({ value: outcome, label: outcome })),
] as const;

export function AttemptsPage() {
  useTitle("Attempts");
  const [filter, setFilter] = useState(() => kept<Shown>().filter ?? "all");
  useEffect(() => keep({ filter } satisfies Shown), [filter]);
  const { attempts, next, live, problem, missed, more } = useLiveAttempts(filter);
  const [fault, setFault] = useState<string | undefined>();
  const loadMore = () =>
    more().then(
      () => setFault(undefined),
      (error: unknown) => setFault(messageOf(error)),
    );
  return (
    <>
      <div class="page-head">
        <div>
          <h1>Attempts</h1>
          <p class="hint">
            Devices that tried to register or connect, newest first; for a refused attempt, the likeliest reason.
          </p>
        </div>
        <p aria-live="polite">
          <Pill state={live ? "live" : "interrupted"} />
        </p>
      </div>
      <div class="toolbar">
        <SelectField label="Outcome" value={filter} choices={choices} onChange={setFilter} />
      </div>
      {problem && <Problem text={problem} />}
      {missed > 0 && (
        <p class="box warn">
          {countOf(missed, "change")} came too fast to show. Reload the page to see the complete list.
        </p>
      )}
      {attempts.length === 0 && live && (
        <p class="faint empty">No attempt to show yet: new attempts appear here by themselves.</p>
      )}
      {attempts.length > 0 && <AttemptTable caption="Attempts, newest first" attempts={attempts} />}
      {fault && <Problem text={fault} />}
      {next && attempts.length < MAX_LINES && (
        <div class="actions">
          <button type="button" onClick={() => void loadMore()}>
            Show older attempts
          </button>
        </div>
      )}
    </>
  );
}
