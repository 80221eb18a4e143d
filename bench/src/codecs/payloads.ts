/** Values as they are sent, from a task to as much as one should send. */
export interface Payload {
  readonly title: string;
  readonly value: unknown;
}

export const PAYLOADS: readonly Payload[] = [
  { title: 'task', value: { task_id: 4711 } },
  { title: '1 KiB', value: orders(8) },
  { title: '64 KiB', value: orders(500) }, // just below what the gzip codec hands to a thread
];

function orders(count: number): unknown {
  return {
    id: '3f2b8c1e-7d7b-4a41-9e55-0a1f6c2d8b90',
    createdAt: '2026-01-31T12:00:00.000Z',
    items: Array.from({ length: count }, (_, index) => ({
      sku: `article-${1000 + index}`,
      name: index % 3 === 0 ? 'Grüner Tee' : 'white paper, 80 g',
      quantity: (index % 7) + 1,
      price: Math.round((index + 1) * 137.5) / 100,
      gift: index % 2 === 0,
      tags: ['new', 'stock'],
    })),
  };
}
