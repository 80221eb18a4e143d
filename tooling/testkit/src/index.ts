export { deadline } from './deadline.ts';
export { TestkitError } from './errors.ts';
export { findRabbitServer } from './rabbit/find.ts';
export type { RabbitNode } from './rabbit/node.ts';
export { type RabbitNodeOptions, startRabbitNode } from './rabbit/start.ts';
