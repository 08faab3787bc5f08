// All that is measured, in the order in which it is told.
import { broadcast } from './broadcast/benchmark.js'
import { deflate } from './deflate/benchmark.js'
import { echo } from './echo/benchmark.js'
import { growth } from './growth/benchmark.js'
import { idle } from './idle/benchmark.js'
import { micro } from './micro/benchmark.js'

export const BENCHMARKS = [micro, echo, deflate, broadcast, idle, growth]
