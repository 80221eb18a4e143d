/** The version of RabbitMQ that the broker is or behaves like, where versions differ. */
export type BrokerProfile = '3.10' | '4.0' | '4.3';

/** The profile of a RabbitMQ by what it says its version is, such as `4.0.5`. */
export function profileOf(version: string): BrokerProfile {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 4) return '3.10';
  return major === 4 && minor < 3 ? '4.0' : '4.3';
}
