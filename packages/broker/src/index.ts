export type { Profile } from './base/profile.ts';
