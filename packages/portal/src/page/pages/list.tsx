import type { EnrollmentKind, ProvisioningStatus } from "@rollcall/protocol";
import { useEffect, useState } from "preact/hooks";
import { isGone, isStale, messageOf } from "../api/client.js";
import {
  deleteEnrollment,
  type Enrollment,
  getEnrollment,
  idOf,
  type List,
  listEnrollments,
} from "../api/enrollments.js";
import { getCounts } from "../api/operator.js";
import { kindWords } from "../model/choices.js";
import { countOf } from "../model/words.js";
import { announce } from "../parts/announce.js";
import { Loading, Problem } from "../parts/bits.js";
import { confirm } from "../parts/confirm.js";
import { SelectField, TextField } from "../parts/field.js";
import { focusContent } from "../parts/focus-content.js";
import { justSaved } from "../parts/just-saved.js";
import { PlaceTabs } from "../parts/tabs.js";
import { type Loaded, useLoad } from "../parts/use-load.js";
import { useTitle } from "../parts/use-title.js";
import { hrefOf, keep, kept } from "../routing/router.js";
import { EnrollmentTable } from "./enrollment-table.js";

const PAGE = 50;
/** A search begins when the user has not typed for this long. */
const TYPING_MS = 250;

type StatusFilter = ProvisioningStatus | "any";
const statusChoices = [
  { value: "any", label: "Any status" },
  { value: "enabled", label: "Enabled" },
  { value: "disabled", label: "Disabled" },
] as const;

function EnrollmentTabs({ kind }: { readonly kind: EnrollmentKind }) {
  return (
    <PlaceTabs
      label="Kinds of enrollments"
      tabs={(["group", "individual"] as const).map((each) => ({
        label: kindWords[each].many,
        place: { page: "list", kind: each },
        current: each === kind,
      }))}
    />
  );
}

/** The search and filter, and the page of the result. */
interface Query {
  readonly search: string;
  readonly status: StatusFilter;
  /** Cursors of the previous pages, to go back. */
  readonly cursors: readonly string[];
}

/** Kept in the history: a user who opens an enrollment and comes back finds the same page of the same search. */
function useQuery() {
  const [before] = useState(() => kept<Query>());
  const [typed, setTyped] = useState(before.search ?? "");
  const [search, setSearch] = useState(before.search ?? "");
  const [status, setStatus] = useState<StatusFilter>(before.status ?? "any");
  const [cursors, setCursors] = useState<readonly string[]>(before.cursors ?? []);
  useEffect(() => keep({ search, status, cursors } satisfies Query), [search, status, cursors]);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (typed.trim() === search) return;
      setSearch(typed.trim());
      setCursors([]);
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return {
    ...{ typed, search, status, cursors, setTyped, setCursors },
    setStatus: (next: StatusFilter) => {
      setStatus(next);
      setCursors([]);
    },
  };
}

export function ListPage({ kind }: { readonly kind: EnrollmentKind }) {
  const words = kindWords[kind];
  useTitle(words.many);
  const query = useQuery();
  const { search, status, cursors } = query;
  const list = useLoad(JSON.stringify([search, status, cursors]), (signal) =>
    listEnrollments(
      kind,
      {
        limit: PAGE,
        search: search || undefined,
        status: status === "any" ? undefined : status,
        after: cursors.at(-1),
      },
      signal,
    ),
  );
  usePageBefore(list, query);
  const isFiltered = search !== "" || status !== "any";
  const fresh = useFresh(kind);
  const items = withFresh(
    { kind, fresh: isFiltered || cursors.length > 0 ? undefined : fresh },
    list.value?.items ?? [],
  );
  return (
    <>
      <div class="page-head">
        <h1>Manage enrollments</h1>
        <a class="button primary" href={hrefOf({ page: "add", kind })}>
          Add {words.one}
        </a>
      </div>
      <EnrollmentTabs kind={kind} />
      <div class="toolbar">
        <TextField
          label={`Search by ${words.id.toLowerCase()}`}
          type="search"
          value={query.typed}
          onInput={query.setTyped}
        />
        <SelectField label="Status" value={status} choices={statusChoices} onChange={query.setStatus} />
        <button type="button" class="small refresh" onClick={list.reload}>
          Refresh
        </button>
        {!isFiltered && <Total kind={kind} list={list.value} />}
      </div>
      {list.error && <Problem text={list.error} onRetry={list.reload} />}
      {!list.value && list.loading && <Loading what="enrollments" />}
      {list.value && items.length === 0 && cursors.length === 0 && <Empty kind={kind} isFiltered={isFiltered} />}
      {items.length > 0 && (
        <div class={list.loading ? "rows old" : "rows"} aria-busy={list.loading}>
          <Selectable
            key={JSON.stringify([search, status, cursors])}
            kind={kind}
            items={items}
            onDeleted={list.reload}
          />
        </div>
      )}
      {list.value && (cursors.length > 0 || list.value.next) && (
        <Pager
          page={cursors.length + 1}
          previous={cursors.length > 0 ? () => query.setCursors(cursors.slice(0, -1)) : undefined}
          next={nextPage(list.value.next, (after) => query.setCursors([...cursors, after]))}
        />
      )}
    </>
  );
}

/** Goes to the previous page when this page is empty, since all its entries were deleted. */
export function usePageBefore(
  { value, loading }: Pick<Loaded<List<unknown>>, "value" | "loading">,
  {
    cursors,
    setCursors,
  }: { readonly cursors: readonly string[]; readonly setCursors: (next: readonly string[]) => void },
): void {
  useEffect(() => {
    if (!loading && value?.items.length === 0 && cursors.length > 0) setCursors(cursors.slice(0, -1));
  }, [value, loading]);
}

function forgetFresh(): void {
  justSaved.value = undefined;
}

/** The enrollment that was just added, until the user leaves this page. */
function useFresh(kind: EnrollmentKind): Enrollment | undefined {
  const saved = justSaved.value;
  const id = saved?.kind === kind ? saved.id : undefined;
  useEffect(() => forgetFresh, []);
  return useLoad(id ?? "", async (signal) => (id ? await getEnrollment(kind, id, signal) : undefined)).value;
}

function withFresh(
  { kind, fresh }: { readonly kind: EnrollmentKind; readonly fresh: Enrollment | undefined },
  items: readonly Enrollment[],
): readonly Enrollment[] {
  if (!fresh || items.some((item) => idOf(kind, item) === idOf(kind, fresh))) return items;
  return [fresh, ...items];
}

function nextPage(next: string | undefined, go: (after: string) => void): (() => void) | undefined {
  return next === undefined ? undefined : () => go(next);
}

/** Total number; loaded again whenever the list is loaded again. */
function Total({ kind, list }: { readonly kind: EnrollmentKind; readonly list: object | undefined }) {
  const { value, reload } = useLoad("counts", getCounts);
  useEffect(reload, [list]);
  if (!value) return null;
  const count = kind === "group" ? value.enrollmentGroups : value.individualEnrollments;
  return <p class="toolbar-note">{countOf(count, kindWords[kind].one)}</p>;
}

function Empty({ kind, isFiltered }: { readonly kind: EnrollmentKind; readonly isFiltered: boolean }) {
  if (isFiltered) return <p class="faint empty">No enrollment matches the search.</p>;
  return (
    <div class="empty">
      <p>There is no {kindWords[kind].one} yet.</p>
      <a class="button" href={hrefOf({ page: "add", kind })}>
        Add the first one
      </a>
    </div>
  );
}

export function Pager(props: { page: number; previous: (() => void) | undefined; next: (() => void) | undefined }) {
  const { page, previous, next } = props;
  return (
    <nav class="pager" aria-label="Pages">
      <button type="button" disabled={!previous} onClick={previous}>
        Previous
      </button>
      <span aria-live="polite">Page {page.toLocaleString("en")}</span>
      <button type="button" disabled={!next} onClick={next}>
        Next
      </button>
    </nav>
  );
}

/** The entries of a page with their check boxes; Delete acts on the marked entries. */
function Selectable(props: { kind: EnrollmentKind; items: readonly Enrollment[]; onDeleted: () => void }) {
  const { kind, items, onDeleted } = props;
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const chosen = items.filter((item) => marked.has(idOf(kind, item)));
  const remove = async () => {
    const words = countOf(chosen.length, kindWords[kind].one);
    const yes = await confirm({
      title: `Delete ${words}?`,
      text: "Their devices cannot register again. Devices that are connected now stay connected.",
      items: chosen.map((item) => idOf(kind, item)),
      danger: true,
    });
    if (!yes) return;
    const faults = await deleteAll(kind, chosen);
    const done = chosen.length - faults.length;
    if (faults.length === 0) announce(`${words} deleted.`);
    else announce(`${done} deleted, ${faults.length} not: ${faults.join("; ")}`, "failed");
    setMarked(new Set());
    focusContent();
    forgetFresh();
    onDeleted();
  };
  return (
    <>
      <div class="selection">
        <button type="button" class="danger" disabled={chosen.length === 0} onClick={() => void remove()}>
          Delete{chosen.length > 0 ? ` ${chosen.length} marked` : " marked"}
        </button>
      </div>
      <EnrollmentTable kind={kind} items={items} marked={marked} onMark={setMarked} />
    </>
  );
}

/** Deletes one after the other, each only if it still has the shown version. Returns the failures as sentences. */
async function deleteAll(kind: EnrollmentKind, items: readonly Enrollment[]): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const item of items) {
    const id = idOf(kind, item);
    try {
      await deleteEnrollment(kind, id, item.etag);
    } catch (error) {
      // Another user has deleted it already, which is the wanted result.
      if (isGone(error)) continue;
      const reason = isStale(error) ? "It was changed meanwhile; check it again." : messageOf(error);
      faults.push(`${id}: ${reason}`);
    }
  }
  return faults;
}
