// What an application may hand over as bytes, seen as a plain `Uint8Array`. Lengths and offsets are read from the
// objects' internal slots, never from properties that the caller could have put over them, so that no lie about a
// length can become a malformed frame.

/** Bytes as an application may hand them over: exactly the bytes of the view, whatever its element type. */
export type BytesLike = Uint8Array | ArrayBuffer | SharedArrayBuffer | ArrayBufferView

type Getter<Value> = (this: unknown) => Value

function getterOf<Value>(prototype: object, name: PropertyKey): Getter<Value> {
  return Object.getOwnPropertyDescriptor(prototype, name)!.get as Getter<Value>
}

const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object
const typedArrayTag = getterOf<string | undefined>(typedArrayPrototype, Symbol.toStringTag)
const typedArrayBuffer = getterOf<ArrayBufferLike>(typedArrayPrototype, 'buffer')
const typedArrayOffset = getterOf<number>(typedArrayPrototype, 'byteOffset')
const typedArrayLength = getterOf<number>(typedArrayPrototype, 'byteLength')
const dataViewBuffer = getterOf<ArrayBufferLike>(DataView.prototype, 'buffer')
const dataViewOffset = getterOf<number>(DataView.prototype, 'byteOffset')
const dataViewLength = getterOf<number>(DataView.prototype, 'byteLength')
const arrayBufferLength = getterOf<number>(ArrayBuffer.prototype, 'byteLength')
// Absent before ES2024, and then no buffer is resizable.
const arrayBufferResizable = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'resizable')?.get as
  | Getter<boolean>
  | undefined

/** Whether the value is a `Uint8Array` (or a subclass, such as Node's `Buffer`), whatever it says of itself. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return typedArrayTag.call(value) === 'Uint8Array'
}

/** How many bytes a typed array has. */
export function byteLengthOf(bytes: Uint8Array): number {
  return typedArrayLength.call(bytes)
}

/** Whether the value is a `Uint8Array` and nothing else, with bytes, and with nothing put over its length. */
function isPlain(value: unknown): value is Uint8Array {
  return (
    typedArrayTag.call(value) === 'Uint8Array' &&
    Object.getPrototypeOf(value) === Uint8Array.prototype &&
    typedArrayLength.call(value) > 0 && // memory that was taken away has none, which is for the view to find out
    !Object.hasOwn(value as Uint8Array, 'length')
  )
}

/** A plain view of exactly the bytes of `value`, or `undefined` when it holds no bytes. */
export function viewBytes(value: unknown): Uint8Array | undefined {
  if (isPlain(value)) return value // to make a view costs several times as much as to see that none is needed
  if (typedArrayTag.call(value) !== undefined) {
    return new Uint8Array(typedArrayBuffer.call(value), typedArrayOffset.call(value), typedArrayLength.call(value))
  }
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(dataViewBuffer.call(value), dataViewOffset.call(value), dataViewLength.call(value))
  }
  if (isArrayBuffer(value) || isSharedBuffer(value)) return new Uint8Array(value)
  return undefined
}

/** Whether the memory under a plain view can neither be shared with another thread nor change its size. */
export function isFixedMemory(view: Uint8Array): boolean {
  const buffer = typedArrayBuffer.call(view)
  return isArrayBuffer(buffer) && arrayBufferResizable?.call(buffer) !== true
}

function isArrayBuffer(value: unknown): value is ArrayBuffer {
  try {
    arrayBufferLength.call(value)
    return true
  } catch {
    return false // the getter's own brand check is the only test that cannot be lied to
  }
}

// Pages without cross-origin isolation have no `SharedArrayBuffer` at all.
const sharedBufferLength =
  typeof SharedArrayBuffer === 'undefined' ? undefined : getterOf<number>(SharedArrayBuffer.prototype, 'byteLength')

function isSharedBuffer(value: unknown): value is SharedArrayBuffer {
  if (sharedBufferLength === undefined) return false
  try {
    sharedBufferLength.call(value)
    return true
  } catch {
    return false
  }
}
