/**
 * Types of the komuz package. Importing it defines `<komuz-story>` and `<komuz-desk>` and upgrades every
 * `<div data-komuz-story>`.
 */

/** Which release a page shows: the detail of `komuz-verified`. */
export interface KomuzVerified {
  /** Id of the story. */
  story: string;
  /** BCP 47 tag of the edition. */
  lang: string;
  /** Number of the release; a correction has the next one. */
  number: number;
  /** SHA-256 of the release's canonical bytes, lower-case hex. */
  hash: string;
  /** The mirror that it came from. */
  mirror: string;
  /** Ids of the outlets that signed. */
  signed: string[];
}

/** Why the article was marked as not genuine: the detail of `komuz-refused`. */
export interface KomuzRefused {
  /** Id of the story. */
  story: string;
  /** BCP 47 tag of the edition. */
  lang: string;
  /**
   * A stable name for the reason: `form`, `masthead`, `key`, `signature`, `missing`, `mismatch`, `older`, `two`, `file`,
   * `unreadable`.
   */
  code: string;
  /** What was wrong and where, in English, for the page's developers. */
  reason: string;
  /** The mirror that it came from; empty when the page's own attributes contradict each other. */
  mirror: string;
}

/** A story in light DOM that is replaced by its checked release. */
export type KomuzStoryElement = HTMLElement;

/** An outlet's desk: a frame where it is same-site with the page, a link where it is not. */
export type KomuzDeskElement = HTMLElement;

declare global {
  interface HTMLElementTagNameMap {
    'komuz-story': KomuzStoryElement;
    'komuz-desk': KomuzDeskElement;
  }
  // Both events bubble and cross shadow roots: they can be heard on the element, the document and the window.
  interface GlobalEventHandlersEventMap {
    'komuz-verified': CustomEvent<KomuzVerified>;
    'komuz-refused': CustomEvent<KomuzRefused>;
  }
}
