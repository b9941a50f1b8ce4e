// Draws on the document, and anew if something else has changed what was drawn, as translators and some extensions do:
// they replace text, and Preact would go on to update elements that nobody sees any more.

import { h, render, type VNode } from "preact";

/** Where the user is on the page. */
interface Position {
  readonly top: number;
  /** Selector of the focused element; empty if it is none that can be found again. */
  readonly focused: string;
  readonly selection: readonly [number | null, number | null];
}

export class Canvas {
  #root = document.createElement("div");
  #isSpoiled = true;
  /** The sentence that is shown in place of the page. */
  #failure = "";
  readonly #observer: MutationObserver;

  /** `onRewritten` is called when something else has changed what was drawn. It is drawn anew only by `draw`. */
  constructor(onRewritten: () => void) {
    // Elements that extensions add do no harm. Changes by Preact are taken from the records before they get here.
    this.#observer = new MutationObserver((records) => {
      if (records.every(({ type, removedNodes }) => type === "childList" && removedNodes.length === 0)) return;
      this.#isSpoiled = true;
      onRewritten();
    });
  }

  /** @throws what rendering throws; what was drawn before then stays, and the next drawing is made anew. */
  draw(view: VNode): void {
    const isAnew = this.#isSpoiled || !this.#root.isConnected;
    this.#isSpoiled = true; // unless rendering succeeds
    if (isAnew) this.#replace(view);
    else render(view, this.#root);
    this.#observer.takeRecords();
    this.#isSpoiled = false;
    this.#failure = "";
  }

  /** Shows a sentence in place of the page. */
  fail(sentence: string): void {
    if (this.#failure === sentence) return; // or screen readers would read it again and again
    this.#replace(
      <p class="banner lost" role="alert">
        <b>{sentence}</b> Trying again; if this stays, reload the page.
      </p>,
    );
    this.#isSpoiled = true;
    this.#failure = sentence;
  }

  #replace(view: VNode): void {
    const root = document.createElement("div");
    render(view, root);
    const position = currentPosition();
    this.#observer.disconnect();
    document.body.replaceChildren(root);
    this.#observer.observe(root, { childList: true, characterData: true, subtree: true });
    this.#root = root;
    restore(position);
  }
}

function currentPosition(): Position {
  const element = document.activeElement;
  const place = element?.closest(".row")?.getAttribute("data-place");
  const isInput = element instanceof HTMLInputElement;
  return {
    top: document.querySelector(".table")?.scrollTop ?? 0,
    focused: place ? `[data-place="${place}"] button` : element?.id ? `#${element.id}` : "",
    selection: isInput ? [element.selectionStart, element.selectionEnd] : [null, null],
  };
}

function restore({ top, focused, selection: [start, end] }: Position): void {
  document.querySelector(".table")?.scrollTo({ top });
  const element = focused ? document.querySelector<HTMLElement>(focused) : null;
  element?.focus({ preventScroll: true });
  if (element instanceof HTMLInputElement) element.setSelectionRange(start, end);
}
