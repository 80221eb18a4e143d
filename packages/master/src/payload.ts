/** A task map is a promise of the user's about what is in the queue; what can be seen here is an object. */
export function isPayloadOf<Payload>(value: unknown): value is Payload {
  return isObject(value);
}

/** What can be the payload of a task: an object that is nothing else as well. */
export function isObject(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof Date)
  );
}
