#include "print.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

const struct known_call known_calls[] = {
#define KNOWN(name, result, how, ...) {#name, TRACE_##result, TRACE_##how, {TRACE_KINDS(__VA_ARGS__)}},
    POSIX_CALLS(KNOWN)
#undef KNOWN
};
const unsigned known_call_count = sizeof known_calls / sizeof known_calls[0];

// The next piece behind `at`; false: there is none.
static bool next_piece(const struct posix_trace_record *record, size_t at, struct posix_trace_piece *piece)
{
    if (at > record->size || record->size - at < sizeof *piece)
        return false;
    memcpy(piece, (const char *)record + at, sizeof *piece);
    return piece->length <= record->size - at - sizeof *piece;
}

bool record_is_sound(const struct posix_trace_record *record, size_t size)
{
    struct posix_trace_piece piece;
    size_t at = sizeof *record;
    if (size < sizeof *record || record->size < sizeof *record || record->size > size ||
        record->size > POSIX_TRACE_RECORD_MAX || record->call >= known_call_count ||
        record->event > TRACE_ENDED)
        return false;
    while (next_piece(record, at, &piece))
        at += sizeof piece + piece.length;
    return at == record->size;
}

bool record_failed(const struct posix_trace_record *record)
{
    switch ((enum posix_trace_result)known_calls[record->call].result) {
    case TRACE_NUMBER: return (int32_t)record->result == -1;
    case TRACE_COUNT: return record->result == -1;
    case TRACE_TRUTH: return (int32_t)record->result == 0;
    case TRACE_ADDRESS: return record->result == -1 || (record->result == 0 && record->error);
    case TRACE_STATUS: return (int32_t)record->result != 0;
    default: return false;
    }
}

static const char *piece_of(const struct posix_trace_record *record, unsigned argument,
                            struct posix_trace_piece *piece)
{
    for (size_t at = sizeof *record; next_piece(record, at, piece); at += sizeof *piece + piece->length)
        if (piece->argument == argument)
            return (const char *)record + at + sizeof *piece;
    return NULL;
}

static void print_pointer(struct text *text, uint64_t value)
{
    if (value)
        text_add(text, "0x%llx", (unsigned long long)value);
    else
        text_add(text, "NULL");
}

static void print_strings(struct text *text, const char *bytes, size_t length, bool more)
{
    text_add(text, "[");
    for (size_t at = 0; at < length;) {
        size_t n = strnlen(bytes + at, length - at);
        text_add(text, at ? ", " : "");
        text_quote(text, bytes + at, n, at + n == length);
        at += n + 1;
    }
    text_add(text, more ? ", ...]" : "]");
}

static void print_polled(struct text *text, const char *bytes, size_t length)
{
    struct pollfd one;
    text_add(text, "[");
    for (size_t at = 0; at + sizeof one <= length; at += sizeof one) {
        memcpy(&one, bytes + at, sizeof one);
        text_add(text, "%s{fd=%d, events=", at ? ", " : "", one.fd);
        words_poll_events(text, (uint16_t)one.events);
        text_add(text, ", revents=");
        words_poll_events(text, (uint16_t)one.revents);
        text_add(text, "}");
    }
    text_add(text, "]");
}

// A structure of a known size. False: the piece is shorter.
static bool print_fixed(struct text *text, enum posix_trace_kind kind, const char *bytes, size_t length)
{
    union {
        int two[2], one;
        uint64_t word;
        struct stat stat;
        struct timespec time;
    } u;
    static const uint8_t sizes[] = {
        [TRACE_PIPE_OUT] = sizeof u.two,  [TRACE_PID_OUT] = sizeof u.one,   [TRACE_STATUS_OUT] = sizeof u.one,
        [TRACE_WORD_OUT] = sizeof u.word, [TRACE_STAT_OUT] = sizeof u.stat, [TRACE_TIME_IN] = sizeof u.time,
        [TRACE_TIME_OUT] = sizeof u.time};
    _Static_assert(sizeof u.stat < 256, "sizes");
    if (kind >= sizeof sizes || !sizes[kind] || length < sizes[kind])
        return false;
    memcpy(&u, bytes, sizes[kind]);
    switch (kind) {
    case TRACE_PIPE_OUT: text_add(text, "[%d, %d]", u.two[0], u.two[1]); break;
    case TRACE_PID_OUT: text_add(text, "[%d]", u.one); break;
    case TRACE_STATUS_OUT:
        text_add(text, "[");
        words_wait_status(text, u.one);
        text_add(text, "]");
        break;
    case TRACE_WORD_OUT: text_add(text, "[0x%llx]", (unsigned long long)u.word); break;
    case TRACE_STAT_OUT:
        text_add(text, "{st_mode=");
        words_file_type(text, u.stat.st_mode);
        text_add(text, "|0%o, st_size=%lld}", (unsigned)u.stat.st_mode & 07777, (long long)u.stat.st_size);
        break;
    default:
        text_add(text, "{tv_sec=%lld, tv_nsec=%ld}", (long long)u.time.tv_sec, (long)u.time.tv_nsec);
        break;
    }
    return true;
}

// What an argument points at. False: it is not there.
static bool print_pointed(struct text *text, const struct posix_trace_record *record, unsigned i)
{
    enum posix_trace_kind kind = known_calls[record->call].kind[i];
    struct posix_trace_piece piece;
    const char *bytes = piece_of(record, i, &piece);
    if (kind == TRACE_BUFFER_OUT && !bytes && record->event == TRACE_ENDED && record->result == 0)
        text_add(text, "\"\"");
    else if (!bytes)
        return false;
    else if (kind == TRACE_STRINGS)
        print_strings(text, bytes, piece.length, piece.more);
    else if (kind == TRACE_POLL)
        print_polled(text, bytes, piece.length);
    else if (!print_fixed(text, kind, bytes, piece.length))
        text_quote(text, bytes, piece.length, piece.more);
    return true;
}

static void print_handler(struct text *text, uint64_t value)
{
    if (value == (uint64_t)SIG_DFL || value == (uint64_t)SIG_IGN)
        text_add(text, value == (uint64_t)SIG_IGN ? "SIG_IGN" : "SIG_DFL");
    else
        print_pointer(text, value);
}

static void print_number(struct text *text, enum posix_trace_kind kind, uint64_t value)
{
    switch (kind) {
    case TRACE_INT: text_add(text, "%d", (int)value); break;
    case TRACE_LONG: text_add(text, "%lld", (long long)value); break;
    case TRACE_SIZE: text_add(text, "%llu", (unsigned long long)value); break;
    case TRACE_HEX: text_add(text, value ? "0x%llx" : "%llu", (unsigned long long)value); break;
    case TRACE_DIRECTORY: text_add(text, (int)value == AT_FDCWD ? "AT_FDCWD" : "%d", (int)value); break;
    case TRACE_CREATE_MODE:
    case TRACE_MODE: text_add(text, "0%o", (unsigned)value); break;
    case TRACE_OPEN_FLAGS: words_open_flags(text, value); break;
    case TRACE_ACCESS: words_access(text, value); break;
    case TRACE_WHENCE: words_whence(text, value & 0xffffffff); break;
    case TRACE_FCNTL: words_fcntl(text, value & 0xffffffff); break;
    case TRACE_SIGNAL: words_signal(text, value & 0xffffffff); break;
    case TRACE_SIGNAL_HOW: words_signal_how(text, value & 0xffffffff); break;
    case TRACE_PROTECTION: words_protection(text, value); break;
    case TRACE_MAP_FLAGS: words_map_flags(text, value); break;
    case TRACE_WAIT: words_wait_flags(text, value); break;
    case TRACE_CLOCK: words_clock(text, value & 0xffffffff); break;
    case TRACE_HANDLER: print_handler(text, value); break;
    default: print_pointer(text, value); break;
    }
}

void print_call(struct text *text, const struct posix_trace_record *record)
{
    const struct known_call *call = &known_calls[record->call];
    text_add(text, "%s(", call->name);
    for (unsigned i = 0; i < POSIX_TRACE_ARGUMENTS && call->kind[i] != TRACE_END; i++) {
        if (call->kind[i] == TRACE_CREATE_MODE && !(record->argument[i - 1] & O_CREAT))
            break;
        text_add(text, i ? ", " : "");
        if (!print_pointed(text, record, i))
            print_number(text, call->kind[i], record->argument[i]);
    }
}

void print_result(struct text *text, const struct posix_trace_record *record)
{
    enum posix_trace_result kind = known_calls[record->call].result;
    bool failed = record_failed(record);
    text_add(text, " = ");
    if (kind == TRACE_NOTHING)
        text_add(text, "?");
    else if (kind == TRACE_OCTAL)
        text_add(text, "0%o", (unsigned)record->result);
    else if (kind == TRACE_ADDRESS && record->result != -1)
        print_pointer(text, (uint64_t)record->result);
    else if (kind == TRACE_COUNT)
        text_add(text, "%lld", (long long)record->result);
    else
        text_add(text, "%d", (int)record->result);
    if (failed && kind == TRACE_STATUS)
        text_add(text, " "), words_errno(text, (int)record->result);
    else if (failed)
        text_add(text, " "), words_errno(text, record->error);
}
