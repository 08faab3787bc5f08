/** How the program ends. */
export const ExitCode = {
  /** The connection was closed normally, or the server by a signal. */
  normal: 0,
  usage: 1,
  /** The server could not be reached, refused, or could not be started. */
  notConnected: 2,
  /** The connection was closed abnormally, or failed. */
  abnormal: 3,
} as const
