// A message as a line of output. On a terminal, what a peer sends must not be able to control it.

import type { Message } from '../node.ts'

/** @param forTerminal Whether control characters are shown instead of sent. */
export function formatMessage(message: Message, forTerminal: boolean): string {
  if (typeof message !== 'string') {
    const digits = Array.from(message, (byte) => byte.toString(16).padStart(2, '0')).join('')
    return `<${message.length} bytes: ${digits}>`
  }
  return forTerminal ? message.replace(/\p{Cc}/gu, escapeControl) : message
}

function escapeControl(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`
}
