// Renders service names.

import { Component, h, type VNode } from "preact";
import { shortened, visibleParts, visibleText } from "./visible.js";

interface NameProps {
  readonly name: string;
  /** Shows a long name to its end. */
  readonly isWhole?: boolean;
}

/** Isolated from the direction of other text. */
export class Name extends Component<NameProps> {
  override shouldComponentUpdate({ name }: NameProps): boolean {
    return name !== this.props.name; // what characters look like takes long to find out for some dozens of long names
  }

  override render({ name, isWhole }: NameProps): VNode {
    const parts = visibleParts(isWhole ? name : shortened(name));
    return <bdi title={visibleText(name)}>{parts.map(({ text, isMark }) => (isMark ? <i>{text}</i> : text))}</bdi>;
  }
}
