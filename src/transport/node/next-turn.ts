// Another turn of the event loop, before which input and output have been looked at.

// How long turns may follow one another on Deno before input and output are looked at.
const TURNS_MS = 5

let lookedAt = 0

/** Calls back in another turn of the event loop, once input and output had theirs. */
export const nextTurn: (callback: () => void) => void = 'Deno' in globalThis ? afterTimer : setImmediate

/**
 * Deno looks at input and output once in some sixty rounds of `setImmediate`, whatever each of them takes, but always
 * before a timer. A timer takes a millisecond, so that not every turn can be one.
 */
function afterTimer(callback: () => void): void {
  if (performance.now() - lookedAt < TURNS_MS) setImmediate(callback)
  else {
    setTimeout(() => {
      lookedAt = performance.now()
      callback()
    }, 0)
  }
}
