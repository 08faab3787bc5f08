// The context that `AsyncLocalStorage` keeps for an application. What connections share, such as a timer or the end of a turn,
// is set up by whichever of them is first: the others must not find themselves in its context.

import { AsyncLocalStorage } from 'node:async_hooks'

/** Calls a function in the context in which this module was loaded: outside of all that the application has made since. */
export const outsideContext: <Parameters extends unknown[], Result>(
  call: (...parameters: Parameters) => Result,
  ...parameters: Parameters
) => Result = AsyncLocalStorage.snapshot()
