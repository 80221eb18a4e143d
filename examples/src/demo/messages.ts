/** What the demo tells a process: begin with this, or come to an end. */
export type Order =
  | { readonly kind: 'start'; readonly url: string; readonly run: string }
  | { readonly kind: 'stop' };

/** What a process tells the demo. */
export type Report =
  | { readonly kind: 'ready' }
  | { readonly kind: 'task'; readonly id: number }
  | { readonly kind: 'failed'; readonly message: string };

export function isOrder(value: unknown): value is Order {
  switch (field(value, 'kind')) {
    case 'start':
      return typeof field(value, 'url') === 'string' && typeof field(value, 'run') === 'string';
    case 'stop':
      return true;
    default:
      return false;
  }
}

export function isReport(value: unknown): value is Report {
  switch (field(value, 'kind')) {
    case 'ready':
      return true;
    case 'task':
      return typeof field(value, 'id') === 'number';
    case 'failed':
      return typeof field(value, 'message') === 'string';
    default:
      return false;
  }
}

function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
