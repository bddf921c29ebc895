/** Focuses the content of the page, after the focused element was removed. */
export function focusContent(): void {
  document.getElementById("content")?.focus({ preventScroll: true });
}
