import { useEffect, useRef } from "preact/hooks";
import { lockAll, token } from "./api/token.js";
import { AddPage } from "./pages/add.js";
import { AttemptsPage } from "./pages/attempts.js";
import { CertificatesPage } from "./pages/certificates.js";
import { EnrollmentPage } from "./pages/enrollment.js";
import { ListPage } from "./pages/list.js";
import { OverviewPage } from "./pages/overview.js";
import { TokenDialog, TokenPage } from "./pages/token.js";
import { Announcements } from "./parts/announce.js";
import { ConfirmDialog } from "./parts/confirm.js";
import { focusContent } from "./parts/focus-content.js";
import { useTitle } from "./parts/use-title.js";
import { hrefOf, leaveGuard, type Place, place } from "./routing/router.js";

const menu: readonly { readonly label: string; readonly place: Place; readonly pages: readonly Place["page"][] }[] = [
  { label: "Overview", place: { page: "overview" }, pages: ["overview"] },
  { label: "Enrollments", place: { page: "list", kind: "group" }, pages: ["list", "add", "enrollment"] },
  { label: "Certificates", place: { page: "certificates" }, pages: ["certificates"] },
  { label: "Attempts", place: { page: "attempts" }, pages: ["attempts"] },
];

export function App() {
  const isKnown = token.value !== undefined;
  // While the page has unsaved input, it stays behind the dialog that asks for the token.
  const isTyped = leaveGuard.value !== undefined;
  return (
    <>
      {/* A button: the fragment is the page's address, so a link to the content would go to another page. */}
      <button type="button" class="skip" onClick={focusContent}>
        Skip to the content
      </button>
      <Header isKnown={isKnown} />
      <Content isOpen={isKnown || isTyped}>{isKnown || isTyped ? <CurrentPage /> : <TokenPage />}</Content>
      {!isKnown && isTyped && <TokenDialog />}
      <Announcements />
      <ConfirmDialog />
    </>
  );
}

function Header({ isKnown }: { readonly isKnown: boolean }) {
  return (
    <header class="top">
      <a class="brand" href="#/">
        <Mark />
        <span>Rollcall</span>
        <span class="brand-note">local provisioning service</span>
      </a>
      {isKnown && (
        <>
          <nav aria-label="Main">
            {menu.map(({ label, place: target, pages }) => (
              <a key={label} href={hrefOf(target)} aria-current={pages.includes(place.value.page) ? "page" : undefined}>
                {label}
              </a>
            ))}
          </nav>
          <button type="button" class="small leave" onClick={() => void lock()}>
            Lock
          </button>
        </>
      )}
    </header>
  );
}

async function lock(): Promise<void> {
  if (leaveGuard.value && !(await leaveGuard.value())) return;
  leaveGuard.value = undefined;
  lockAll();
}

function Mark() {
  return (
    <svg viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect width="32" height="32" rx="7" class="mark-ground" />
      <path class="mark-lines" d="M7 10.5l2.2 2.2L13 8.5M7 21.5l2.2 2.2L13 19.5M17.5 11H25M17.5 22H25" />
    </svg>
  );
}

/** Takes the focus when the place changes or the portal is locked or unlocked, as a newly loaded page would. */
function Content({ isOpen, children }: { readonly isOpen: boolean; readonly children: preact.ComponentChildren }) {
  const element = useRef<HTMLElement>(null);
  const here = hrefOf(place.value);
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) element.current?.focus({ preventScroll: true });
    isFirst.current = false;
    scrollTo(0, 0);
  }, [here, isOpen]);
  return (
    <main id="content" tabIndex={-1} ref={element}>
      {children}
    </main>
  );
}

function CurrentPage() {
  const now = place.value;
  switch (now.page) {
    case "overview":
      return <OverviewPage />;
    case "list":
      return <ListPage key={now.kind} kind={now.kind} />;
    case "add":
      return <AddPage key={now.kind} kind={now.kind} />;
    case "enrollment":
      return <EnrollmentPage key={`${now.kind} ${now.id}`} kind={now.kind} id={now.id} tab={now.tab} />;
    case "certificates":
      return <CertificatesPage />;
    case "attempts":
      return <AttemptsPage />;
    default:
      return (
        <Title title="Page not found">
          <p>
            This address has no page. <a href="#/">Go to the overview.</a>
          </p>
        </Title>
      );
  }
}

function Title({ title, children }: { readonly title: string; readonly children: preact.ComponentChildren }) {
  useTitle(title);
  return (
    <>
      <h1>{title}</h1>
      {children}
    </>
  );
}
