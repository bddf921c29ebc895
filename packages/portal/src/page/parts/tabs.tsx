import { hrefOf, type Place } from "../routing/router.js";

/** Tabs that are places of their own: links, so that back, forward and new windows work as everywhere. */
export function PlaceTabs(props: {
  readonly label: string;
  readonly tabs: readonly { readonly label: string; readonly place: Place; readonly current: boolean }[];
}) {
  return (
    <nav class="tabs" aria-label={props.label}>
      {props.tabs.map(({ label, place, current }) => (
        <a key={label} href={hrefOf(place)} aria-current={current ? "page" : undefined}>
          {label}
        </a>
      ))}
    </nav>
  );
}
