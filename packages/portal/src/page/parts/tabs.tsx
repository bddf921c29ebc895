import { hrefOf, type Place } from "../routing/router.js";

/** Tabs as links to places, so that Back, Forward and new windows work as usual. */
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
