#include "chrome.h"

#include "names.h"

#include <stdlib.h>
#include <string.h>

static void event_begin(struct chrome *chrome)
{
    fputs(chrome->events++ ? ",\n" : "\n", chrome->to);
}

// Names of tasks are what users chose: any byte but NUL.
static void put_string(struct chrome *chrome, const char *text)
{
    putc('"', chrome->to);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            putc('\\', chrome->to);
        if (c < ' ' || c > '~')
            fprintf(chrome->to, "\\u%04x", c);
        else
            putc(c, chrome->to);
    }
    putc('"', chrome->to);
}

static void put_time(struct chrome *chrome, const char *key, uint64_t ns)
{
    fprintf(chrome->to, ",\"%s\":%llu.%03llu", key, (unsigned long long)ns / 1000,
            (unsigned long long)ns % 1000);
}

static uint64_t since(uint64_t from, uint64_t to)
{
    return to > from ? to - from : 0;
}

static void put_name(struct chrome *chrome, const char *what, uint32_t task, uint32_t thread,
                     const char *name)
{
    event_begin(chrome);
    fprintf(chrome->to, "{\"ph\":\"M\",\"name\":\"%s\",\"pid\":%lu,\"tid\":%lu,\"args\":{\"name\":", what,
            (unsigned long)task, (unsigned long)thread);
    put_string(chrome, name);
    fputs("}}", chrome->to);
}

// Names a task and its thread when they are first seen, or have another name. Without memory they come again.
static void know(struct chrome *chrome, uint32_t task, uint32_t thread, const char *name)
{
    struct chrome_thread *t = chrome->known;
    size_t i = 0;
    while (i < chrome->count && (t[i].task != task || t[i].thread != thread))
        i++;
    if (i < chrome->count && strcmp(t[i].name, name) == 0)
        return;
    if (i == chrome->room) {
        size_t room = chrome->room ? chrome->room * 2 : 64;
        t = realloc(chrome->known, room * sizeof *t);
        if (t) {
            chrome->known = t;
            chrome->room = room;
        }
    }
    if (i < chrome->room) {
        chrome->known[i] = (struct chrome_thread){.task = task, .thread = thread};
        snprintf(chrome->known[i].name, sizeof chrome->known[i].name, "%s", name);
        chrome->count += i == chrome->count;
    }
    char label[40];
    snprintf(label, sizeof label, "%s/%lu", name, (unsigned long)thread);
    put_name(chrome, "process_name", task, thread, name);
    put_name(chrome, "thread_name", task, thread, label);
}

void chrome_begin(struct chrome *chrome, FILE *to, uint64_t first_ns)
{
    *chrome = (struct chrome){.to = to, .first_ns = first_ns};
    fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", to);
}

static void put_slice(struct chrome *chrome, const struct call *call, const char *name)
{
    char result[NAME_SIZE];
    uint64_t taken = call->taken_ns ? call->taken_ns : call->ended_ns;
    event_begin(chrome);
    fputs("{\"ph\":\"X\",\"cat\":\"call\",\"name\":", chrome->to);
    put_string(chrome, name);
    fprintf(chrome->to, ",\"pid\":%lu,\"tid\":%lu", (unsigned long)call->client_task,
            (unsigned long)call->client);
    put_time(chrome, "ts", since(chrome->first_ns, call->queued_ns));
    put_time(chrome, "dur", since(call->queued_ns, call->ended_ns));
    fputs(",\"args\":{\"server\":", chrome->to);
    put_string(chrome, call->server_name);
    fputs(",\"result\":", chrome->to);
    put_string(chrome, name_result(call, result));
    put_time(chrome, "queued_us", since(call->queued_ns, taken));
    put_time(chrome, "served_us", since(taken, call->ended_ns));
    fputs("}}", chrome->to);
}

static void put_served(struct chrome *chrome, const struct call *call, const char *name, uint64_t id)
{
    for (int i = 0; i < 2; i++) {
        event_begin(chrome);
        fprintf(chrome->to, "{\"ph\":\"%c\",\"cat\":\"served\",\"id\":\"0x%llx\",\"name\":", i ? 'e' : 'b',
                (unsigned long long)id);
        put_string(chrome, name);
        fprintf(chrome->to, ",\"pid\":%lu,\"tid\":%lu", (unsigned long)call->server_task,
                (unsigned long)call->server);
        put_time(chrome, "ts", since(chrome->first_ns, i ? call->ended_ns : call->taken_ns));
        fputs(",\"args\":{\"client\":", chrome->to);
        put_string(chrome, call->client_name);
        fputs("}}", chrome->to);
    }
}

void chrome_call(struct chrome *chrome, const struct call *call)
{
    char buffer[NAME_SIZE];
    const char *name = name_operation(call, buffer);
    know(chrome, call->client_task, call->client, call->client_name);
    put_slice(chrome, call, name);
    if (!call->taken_ns)
        return;
    know(chrome, call->server_task, call->server, call->server_name);
    put_served(chrome, call, name, chrome->events);
}

bool chrome_end(struct chrome *chrome, uint64_t lost)
{
    fprintf(chrome->to, "\n],\"otherData\":{\"lost_records\":%llu}}\n", (unsigned long long)lost);
    free(chrome->known);
    chrome->known = NULL;
    return fflush(chrome->to) == 0 && !ferror(chrome->to);
}
