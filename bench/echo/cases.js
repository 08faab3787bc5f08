// What is echoed: how many connections, how many messages in flight on each, how large they are.

export const CASES = [
  { name: '10 connections, 32 in flight, 125 B text', connections: 10, inFlight: 32, bytes: 125, text: true },
  { name: '10 connections, 32 in flight, 125 B binary', connections: 10, inFlight: 32, bytes: 125, text: false },
  { name: '1,000 connections, 8 in flight, 125 B text', connections: 1_000, inFlight: 8, bytes: 125, text: true },
  { name: '100 connections, 1 in flight, 125 B text', connections: 100, inFlight: 1, bytes: 125, text: true },
  { name: '100 connections, 1 in flight, 16 KiB binary', connections: 100, inFlight: 1, bytes: 16_384, text: false },
  { name: '10 connections, 2 in flight, 1 MiB binary', connections: 10, inFlight: 2, bytes: 1_048_576, text: false },
]
