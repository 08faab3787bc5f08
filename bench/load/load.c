// The load on a WebSocket server: one thread, epoll, no allocation and no masking while it measures, so that what limits a
// run is the server and never this. It shakes hands as RFC 6455 §4.1 says, sends frames that were prepared by whoever
// starts it, and of the answers looks at nothing but the frame headers, once the first ones have been compared byte by
// byte.
//
// Arguments are `name=value`; on its input come `frames` masked frames of `frameBytes` each, then `answerBytes` of the
// answer that each of them is to have. On its output is one line of JSON. What goes wrong is a sentence and exit code 1.
//
//   mode=echo       keeps `inFlight` frames in flight on each of `connections`
//   mode=broadcast  one connection sends a frame; when all connections have got `burst` messages, it sends the next
//   mode=hold       opens the connections, exchanges one message on each if there is a frame, says so, and holds them
//                   until its input ends

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  READ_BYTES = 256 * 1024,
  EVENTS = 1024,
  PATIENCE_MS = 10 * 1000,     // a server that says nothing for so long is stuck
  DISCARD_BYTES = 64 * 1024,   // from here on the rest of a payload is dropped in the kernel, which copies nothing
  MAX_HEADER_BYTES = 14,
  MAX_HEAD_BYTES = 16 * 1024,
};

typedef struct {
  int fd;
  bool waits_to_write;
  size_t frame_at;       // where in the frames the next byte to send is
  size_t owed_bytes;     // of frames that are due and not yet sent
  uint64_t *sent_at;     // a ring of `in_flight` times
  uint32_t oldest_sent;  // where in that ring the oldest is
  uint32_t newest_sent;
  uint8_t header[MAX_HEADER_BYTES];
  uint8_t header_bytes;
  bool ends_message;     // the payload that is being received does
  uint64_t payload_left;
  uint64_t messages;
} connection;

// What it was told.
static struct {
  const char *mode, *key, *accept, *extensions, *host;
  long port, connections, in_flight, frames, frame_bytes, answer_bytes, burst, pid;
  bool mirror;  // the answer to a frame is that frame, as it was sent
  double warmup, seconds;
} told = {.mode = "echo", .key = "", .accept = "", .extensions = "", .host = "127.0.0.1", .connections = 1,
          .in_flight = 1, .burst = 1, .warmup = 0.5, .seconds = 1};

static uint8_t *frames;  // the frames, and again so many of them that any `in_flight` are in one piece
static size_t frames_bytes;
static uint8_t *answer;  // what a frame is answered with, if whoever started us knows
static connection *connections;
static uint8_t input[READ_BYTES];
static int poller;
static char agreed[1024];  // Sec-WebSocket-Extensions of the last answer

__attribute__((noreturn, format(printf, 1, 2))) static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  fputs("load: ", stderr);
  vfprintf(stderr, format, arguments);
  fputc('\n', stderr);
  exit(1);
}

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *allocate(size_t count, size_t size) {
  void *memory = calloc(count == 0 ? 1 : count, size);
  if (memory == NULL) fail("Cannot allocate %zu bytes", count * size);
  return memory;
}

// --- Latencies: a histogram with 64 steps to each doubling, hence right to 1.6 % ---

enum { STEPS = 64, STEP_BITS = 6, BUCKETS = 64 * STEPS };
static uint64_t latencies[BUCKETS];

static void note_latency(uint64_t ns) {
  unsigned doubling = ns < STEPS ? 0 : 63 - (unsigned)__builtin_clzll(ns) - STEP_BITS;
  latencies[doubling * STEPS + (ns >> doubling)]++;
}

/** The latency in microseconds that so large a part of all does not exceed. */
static double quantile(double part) {
  uint64_t total = 0, seen = 0;
  for (int i = 0; i < BUCKETS; i++) total += latencies[i];
  if (total == 0) return 0;
  for (int i = 0; i < BUCKETS; i++) {
    seen += latencies[i];
    if ((double)seen < part * (double)total) continue;
    // Bucket d * STEPS + m holds m << d, for m from STEPS up to twice that; d = 0 also what is smaller.
    int doubling = i < 2 * STEPS ? 0 : i / STEPS - 1;
    uint64_t mantissa = (uint64_t)(i - doubling * STEPS);
    return (double)((mantissa << doubling) + ((1u << doubling) >> 1)) / 1000;
  }
  return 0;
}

// --- What the processes use ---

/** Seconds of processor time that a process has used, all its threads. */
static double cpu_of(long pid) {
  char path[64], line[1024];
  snprintf(path, sizeof path, "/proc/%ld/stat", pid);
  FILE *file = fopen(path, "r");
  if (file == NULL || fgets(line, sizeof line, file) == NULL) fail("Cannot read %s: the server has gone", path);
  fclose(file);
  unsigned long user, system;
  const char *fields = strrchr(line, ')');  // the name before it may hold anything
  if (fields == NULL || sscanf(fields + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) {
    fail("Cannot understand %s", path);
  }
  return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/** One of the sizes in /proc/…/status, in bytes. */
static long memory_of(long pid, const char *name) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%ld/status", pid);
  FILE *file = fopen(path, "r");
  if (file == NULL) fail("Cannot read %s: the server has gone", path);
  long kib = 0;
  size_t length = strlen(name);
  while (fgets(line, sizeof line, file) != NULL) {
    if (strncmp(line, name, length) == 0 && line[length] == ':') kib = atol(line + length + 1);
  }
  fclose(file);
  return kib * 1024;
}

static double own_cpu(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

// --- Frames that arrive ---

static unsigned header_size(const uint8_t *header) {
  unsigned code = header[1] & 0x7f;
  return 2u + (code == 127 ? 8u : code == 126 ? 2u : 0u) + ((header[1] & 0x80) != 0 ? 4u : 0u);
}

/** Reads a whole header: what follows it, and whether a message ends there. */
static void begin_frame(connection *c) {
  const uint8_t *header = c->header;
  unsigned opcode = header[0] & 0x0f, code = header[1] & 0x7f;
  uint64_t length = code;
  if (opcode == 8) fail("The server closed a connection");
  if (code >= 126) {
    length = 0;
    for (size_t i = 0; i < (code == 126 ? 2 : 8); i++) length = length << 8 | header[2 + i];
  }
  c->payload_left = length;
  c->ends_message = (header[0] & 0x80) != 0 && opcode < 8;
  c->header_bytes = 0;
}

/** How many messages end within these bytes. */
static unsigned count_messages(connection *c, const uint8_t *bytes, size_t length) {
  unsigned ended = 0;
  size_t at = 0;
  while (at < length) {
    if (c->payload_left > 0) {
      size_t step = c->payload_left < length - at ? (size_t)c->payload_left : length - at;
      c->payload_left -= step;
      at += step;
      if (c->payload_left == 0) ended += c->ends_message;
      continue;
    }
    c->header[c->header_bytes++] = bytes[at++];
    if (c->header_bytes < 2 || c->header_bytes < header_size(c->header)) continue;
    begin_frame(c);
    if (c->payload_left == 0) ended += c->ends_message;
  }
  c->messages += ended;
  return ended;
}

static uint64_t received_bytes, reads;

/** One read, or, within a long payload, one that the kernel throws away. */
static unsigned receive(connection *c) {
  bool discards = c->payload_left >= DISCARD_BYTES;
  ssize_t length = discards ? recv(c->fd, NULL, c->payload_left, MSG_TRUNC | MSG_DONTWAIT)
                            : recv(c->fd, input, sizeof input, MSG_DONTWAIT);
  if (length == 0) fail("The server ended a connection");
  if (length < 0) {
    if (errno == EAGAIN || errno == EINTR) return 0;
    fail("Cannot receive: %s", strerror(errno));
  }
  received_bytes += (uint64_t)length;
  reads++;
  if (!discards) return count_messages(c, input, (size_t)length);
  c->payload_left -= (uint64_t)length;
  if (c->payload_left > 0 || !c->ends_message) return 0;
  c->messages++;
  return 1;
}

// --- Frames that leave ---

static void watch(connection *c, bool write, int operation) {
  struct epoll_event event = {.events = EPOLLIN | (write ? EPOLLOUT : 0), .data.ptr = c};
  if (epoll_ctl(poller, operation, c->fd, &event) != 0) fail("Cannot watch a socket: %s", strerror(errno));
  c->waits_to_write = write;
}

/** Sends what is owed, in one call where the socket takes it. */
static void send_owed(connection *c) {
  while (c->owed_bytes > 0) {
    ssize_t sent = send(c->fd, frames + c->frame_at, c->owed_bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) fail("Cannot send: %s", strerror(errno));
      if (!c->waits_to_write) watch(c, true, EPOLL_CTL_MOD);
      return;
    }
    c->owed_bytes -= (size_t)sent;
    c->frame_at = (c->frame_at + (size_t)sent) % frames_bytes;
  }
  if (c->waits_to_write) watch(c, false, EPOLL_CTL_MOD);
}

static void send_frames(connection *c, unsigned count, uint64_t now) {
  for (unsigned i = 0; i < count; i++) {
    c->sent_at[c->newest_sent] = now;
    c->newest_sent = c->newest_sent + 1 == (uint32_t)told.in_flight ? 0 : c->newest_sent + 1;
  }
  c->owed_bytes += count * (size_t)told.frame_bytes;
  send_owed(c);
}

// --- Opening, one connection after the other ---

static void send_all(int fd, const void *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    ssize_t sent = send(fd, (const uint8_t *)bytes + at, length - at, MSG_NOSIGNAL);
    if (sent <= 0) fail("Cannot send: %s", strerror(errno));
    at += (size_t)sent;
  }
}

static size_t receive_some(int fd, void *target, size_t most) {
  ssize_t length = recv(fd, target, most, 0);
  if (length == 0) fail("The server ended a connection");
  if (length < 0) fail("Cannot receive: %s", strerror(errno));
  return (size_t)length;
}

/** The value of a header, as it is, or nothing. */
static void copy_header(const char *head, const char *name, char *target, size_t size) {
  const char *found = strcasestr(head, name);
  size_t length = 0;
  if (found != NULL) {
    found += strlen(name);
    found += strspn(found, " \t");
    length = strcspn(found, "\r\n");
  }
  if (length >= size) length = size - 1;
  if (found != NULL) memcpy(target, found, length);
  target[length] = 0;
}

/** RFC 6455 §4.1, with a key whose answer whoever started us has worked out. */
static void shake_hands(connection *c) {
  char head[MAX_HEAD_BYTES + 1], accept[64];
  bool extends = told.extensions[0] != 0;
  int length = snprintf(head, sizeof head,
                        "GET / HTTP/1.1\r\nHost: %s:%ld\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s%s%s\r\n",
                        told.host, told.port, told.key, extends ? "Sec-WebSocket-Extensions: " : "", told.extensions,
                        extends ? "\r\n" : "");
  send_all(c->fd, head, (size_t)length);
  size_t got = 0;
  char *end;
  do {
    if (got == MAX_HEAD_BYTES) fail("The answer to the handshake is too long");
    got += receive_some(c->fd, head + got, MAX_HEAD_BYTES - got);
    head[got] = 0;
    end = strstr(head, "\r\n\r\n");
  } while (end == NULL);
  end[2] = 0;
  if (strncmp(head, "HTTP/1.1 101 ", 13) != 0) fail("The server refused: %.*s", (int)strcspn(head, "\r"), head);
  copy_header(head, "\r\nSec-WebSocket-Accept:", accept, sizeof accept);
  if (strcmp(accept, told.accept) != 0) fail("Sec-WebSocket-Accept is \"%s\", not \"%s\"", accept, told.accept);
  copy_header(head, "\r\nSec-WebSocket-Extensions:", agreed, sizeof agreed);
  if (extends && agreed[0] == 0) fail("The server agreed to no extension");
  if (end + 4 < head + got) fail("The server spoke first");
}

static void open_connection(connection *c) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)told.port)};
  struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
  int on = 1;
  if (inet_pton(AF_INET, told.host, &address.sin_addr) != 1) fail("host is not an IPv4 address");
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (c->fd < 0) fail("Cannot make a socket: %s", strerror(errno));
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0) fail("Cannot connect: %s", strerror(errno));
  shake_hands(c);
  c->sent_at = allocate((size_t)told.in_flight, sizeof *c->sent_at);
}

// --- The first exchange, byte by byte ---

static uint8_t *first_answer;  // as it came, where nobody said what it is to be
static size_t first_answer_bytes;

/** Receives so many messages, which are to be `expected` each, or, if nothing is, are kept for whoever started us. */
static void receive_answers(connection *c, unsigned count, const uint8_t *expected, size_t expected_bytes) {
  size_t most = expected == NULL ? READ_BYTES : count * expected_bytes, got = 0;
  uint8_t *came = allocate(most, 1);
  for (unsigned messages = 0; messages < count;) {
    if (got == most) fail("An answer is longer than %zu bytes", most / count);
    size_t length = receive_some(c->fd, came + got, most - got);
    messages += count_messages(c, came + got, length);
    got += length;
  }
  for (size_t at = 0; expected != NULL && at < most; at += expected_bytes) {
    if (got != most || memcmp(came + at, expected, expected_bytes) != 0) fail("An answer is not what it has to be");
  }
  if (expected == NULL && first_answer == NULL) {
    first_answer = came;
    first_answer_bytes = got;
    return;
  }
  free(came);
}

/** A message on each connection, and back. */
static void exchange_echoes(void) {
  for (long i = 0; i < told.connections; i++) {
    const uint8_t *frame = frames + (size_t)(i % told.frames * told.frame_bytes);
    const uint8_t *expected = told.mirror ? frame : answer;
    send_all(connections[i].fd, frame, (size_t)told.frame_bytes);
    receive_answers(&connections[i], 1, expected, (size_t)(told.mirror ? told.frame_bytes : told.answer_bytes));
  }
}

/** A message on one connection, a burst on each. */
static void exchange_burst(void) {
  send_all(connections[0].fd, frames, (size_t)told.frame_bytes);
  for (long i = 0; i < told.connections; i++) {
    receive_answers(&connections[i], (unsigned)told.burst, answer, (size_t)told.answer_bytes);
  }
}

// --- Measuring ---

static struct {
  uint64_t messages, bursts;
} counted;

static uint64_t burst_begun;
static uint64_t burst_messages;

static void begin_burst(void) {
  burst_messages = 0;
  burst_begun = now_ns();
  send_frames(&connections[0], 1, burst_begun);
}

static void handle_messages(connection *c, unsigned count, bool broadcasts, uint64_t now) {
  counted.messages += count;
  if (broadcasts) {
    burst_messages += count;
    if (burst_messages < (uint64_t)told.connections * (uint64_t)told.burst) return;
    note_latency(now - burst_begun);
    counted.bursts++;
    begin_burst();
    return;
  }
  for (unsigned i = 0; i < count; i++) {
    if (c->oldest_sent == (uint32_t)told.in_flight) c->oldest_sent = 0;
    note_latency(now - c->sent_at[c->oldest_sent++]);
  }
  send_frames(c, count, now);
}

/** Runs the load for so long, and returns how long it was. */
static double run(double seconds, bool broadcasts) {
  struct epoll_event events[EVENTS];
  uint64_t begun = now_ns(), now = begun, end = begun + (uint64_t)(seconds * 1e9);
  while (now < end) {
    int count = epoll_wait(poller, events, EVENTS, PATIENCE_MS);
    if (count < 0 && errno != EINTR) fail("Cannot wait: %s", strerror(errno));
    if (count == 0) fail("Nothing came from the server for %d s", PATIENCE_MS / 1000);
    for (int i = 0; i < count; i++) {
      connection *c = events[i].data.ptr;
      if ((events[i].events & EPOLLOUT) != 0) send_owed(c);
      if ((events[i].events & ~(uint32_t)EPOLLOUT) == 0) continue;
      unsigned messages = receive(c);
      now = now_ns();
      if (messages > 0) handle_messages(c, messages, broadcasts, now);
    }
    now = now_ns();
  }
  return (double)(now - begun) / 1e9;
}

/** No connection has got more bursts than another. */
static void check_bursts(void) {
  uint64_t most = connections[0].messages;
  for (long i = 0; i < told.connections; i++) if (connections[i].messages > most) most = connections[i].messages;
  for (long i = 0; i < told.connections; i++) {
    if (most - connections[i].messages > (uint64_t)told.burst) fail("A connection has missed a broadcast");
  }
}

static void measure(void) {
  bool broadcasts = strcmp(told.mode, "broadcast") == 0;
  for (long i = 0; i < told.connections; i++) watch(&connections[i], false, EPOLL_CTL_ADD);
  if (broadcasts) begin_burst();
  else for (long i = 0; i < told.connections; i++) send_frames(&connections[i], (unsigned)told.in_flight, now_ns());
  run(told.warmup, broadcasts);

  memset(latencies, 0, sizeof latencies);
  memset(&counted, 0, sizeof counted);
  received_bytes = reads = 0;
  double server_cpu = told.pid > 0 ? cpu_of(told.pid) : 0, cpu = own_cpu();
  double seconds = run(told.seconds, broadcasts);
  server_cpu = told.pid > 0 ? cpu_of(told.pid) - server_cpu : 0;
  cpu = own_cpu() - cpu;
  if (broadcasts) check_bursts();

  printf("{\"seconds\":%.6f,\"messages\":%llu,\"messagesPerSecond\":%.1f,\"bytesPerMessage\":%.2f,"
         "\"messagesPerRead\":%.2f,", seconds,
         (unsigned long long)counted.messages, (double)counted.messages / seconds,
         counted.messages == 0 ? 0 : (double)received_bytes / (double)counted.messages,
         reads == 0 ? 0 : (double)counted.messages / (double)reads);
  if (broadcasts) printf("\"burstsPerSecond\":%.2f,", (double)counted.bursts / seconds);
  printf("\"latencyUs\":{\"p50\":%.1f,\"p99\":%.1f,\"p999\":%.1f},", quantile(0.5), quantile(0.99), quantile(0.999));
  if (told.pid > 0) {
    printf("\"serverCpu\":%.3f,\"serverRss\":%ld,\"serverPeakRss\":%ld,", server_cpu / seconds,
           memory_of(told.pid, "VmRSS"), memory_of(told.pid, "VmHWM"));
  }
  printf("\"loadCpu\":%.3f", cpu / seconds);
}

static void print_exchange(void) {
  if (told.extensions[0] != 0) {
    printf(",\"extensions\":\"");
    for (const char *c = agreed; *c != 0; c++) printf(*c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    printf("\"");
  }
  if (first_answer == NULL) return;
  printf(",\"firstAnswer\":\"");
  for (size_t i = 0; i < first_answer_bytes; i++) printf("%02x", first_answer[i]);
  printf("\"");
}

// --- Starting ---

static void read_arguments(int count, char **arguments) {
  const struct {
    const char *name;
    const char **text;
    long *number;
    double *seconds;
  } known[] = {
      {"mode", .text = &told.mode},
      {"host", .text = &told.host},
      {"key", .text = &told.key},
      {"accept", .text = &told.accept},
      {"extensions", .text = &told.extensions},
      {"port", .number = &told.port},
      {"connections", .number = &told.connections},
      {"inFlight", .number = &told.in_flight},
      {"frames", .number = &told.frames},
      {"frameBytes", .number = &told.frame_bytes},
      {"answerBytes", .number = &told.answer_bytes},
      {"burst", .number = &told.burst},
      {"pid", .number = &told.pid},
      {"warmup", .seconds = &told.warmup},
      {"seconds", .seconds = &told.seconds},
  };
  for (int i = 1; i < count; i++) {
    char *value = strchr(arguments[i], '=');
    size_t length = value == NULL ? strlen(arguments[i]) : (size_t)(value++ - arguments[i]);
    size_t row = 0, rows = sizeof known / sizeof *known;
    if (strcmp(arguments[i], "mirror") == 0) {
      told.mirror = true;
      continue;
    }
    while (row < rows && (strlen(known[row].name) != length || strncmp(known[row].name, arguments[i], length) != 0)) row++;
    if (row == rows || value == NULL) fail("Unknown argument: %s", arguments[i]);
    if (known[row].text != NULL) *known[row].text = value;
    if (known[row].number != NULL) *known[row].number = atol(value);
    if (known[row].seconds != NULL) *known[row].seconds = atof(value);
  }
  if (told.port < 1 || told.port > 65535) fail("port is missing");
  if (told.connections < 1 || told.in_flight < 1 || told.burst < 1) fail("connections, inFlight and burst are at least 1");
  bool holds = strcmp(told.mode, "hold") == 0;
  if (!holds && strcmp(told.mode, "echo") != 0 && strcmp(told.mode, "broadcast") != 0) fail("Unknown mode: %s", told.mode);
  if (!holds && (told.frames < 1 || told.frame_bytes < 1)) fail("frames and frameBytes are missing");
}

static uint8_t *read_input(size_t length, size_t room) {
  uint8_t *bytes = allocate(room, 1);
  for (size_t at = 0; at < length;) {
    ssize_t got = read(STDIN_FILENO, bytes + at, length - at);
    if (got <= 0) fail("The input ends after %zu of %zu bytes", at, length);
    at += (size_t)got;
  }
  return bytes;
}

static void hold(void) {
  printf("{\"opened\":%ld", told.connections);
  print_exchange();
  printf("}\n");
  fflush(stdout);
  char ignored;
  while (read(STDIN_FILENO, &ignored, 1) > 0) continue;
}

int main(int count, char **arguments) {
  read_arguments(count, arguments);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  poller = epoll_create1(EPOLL_CLOEXEC);
  frames_bytes = (size_t)told.frames * (size_t)told.frame_bytes;
  frames = read_input(frames_bytes, frames_bytes + (size_t)told.in_flight * (size_t)told.frame_bytes);
  if (told.answer_bytes > 0) answer = read_input((size_t)told.answer_bytes, (size_t)told.answer_bytes);
  for (size_t at = 0; at < (size_t)told.in_flight * (size_t)told.frame_bytes; at++) frames[frames_bytes + at] = frames[at];

  connections = allocate((size_t)told.connections, sizeof *connections);
  for (long i = 0; i < told.connections; i++) open_connection(&connections[i]);
  if (strcmp(told.mode, "broadcast") == 0) exchange_burst();
  else if (told.frames > 0) exchange_echoes();
  if (strcmp(told.mode, "hold") == 0) {
    hold();
    return 0;
  }
  measure();
  print_exchange();
  printf("}\n");
  return 0;
}
