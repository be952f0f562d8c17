// sources: programs/ipctrace/calls.c programs/ipctrace/names.c programs/ipctrace/chrome.c programs/ipctrace/summary.c
// ipctrace: from records to calls, names, and JSON that Python's parser takes.
#include "check.h"
#include "programs/ipctrace/chrome.h"
#include "programs/ipctrace/names.h"
#include "programs/ipctrace/summary.h"

#include <proto/blk.h>
#include <proto/vfs.h>
#include <unistd.h>

/* What the tables refer to, never called. */
int ipc_invoke(const struct ipc_op *op, handle_t session, uint64_t words[IPC_WORDS], uint64_t deadline)
{
    return (void)op, (void)session, (void)words, (void)deadline, 0;
}
int ipc_invoke_with(const struct ipc_op *op, handle_t session, uint64_t words[IPC_WORDS],
                    struct ipc_transfer *t)
{
    return (void)op, (void)session, (void)words, (void)t, 0;
}

static struct call ended[64];
static size_t ended_count;

static void keep(void *unused, const struct call *call)
{
    (void)unused;
    ended[ended_count++ % 64] = *call;
}

static struct trace_record record(enum trace_kind kind, uint32_t client, uint64_t time, uint32_t label)
{
    struct trace_record r = {.kind = kind,
                             .client = client,
                             .time_ns = time,
                             .label = label,
                             .client_task = client * 10,
                             .server_task = kind == TRACE_TAKEN ? 5 : 0,
                             .server = kind == TRACE_TAKEN ? 50 : 0,
                             .client_name = "cat"};
    if (kind == TRACE_TAKEN)
        strcpy(r.server_name, "vfs");
    return r;
}

static bool add(struct calls *calls, enum trace_kind kind, uint32_t client, uint64_t time, uint32_t label)
{
    struct trace_record r = record(kind, client, time, label);
    return calls_add(calls, &r);
}

static void one_call(void)
{
    struct calls calls = {.done = keep};
    char name[NAME_SIZE];
    ended_count = 0;
    add(&calls, TRACE_ANSWERED, 9, 50, 0); /* of a call that began before */
    add(&calls, TRACE_QUEUED, 1, 100, vfs_label_open);
    add(&calls, TRACE_TAKEN, 1, 150, vfs_label_open);
    CHECK(ended_count == 0);
    add(&calls, TRACE_ANSWERED, 1, 400, E_NOENT);
    CHECK(ended_count == 1 && ended[0].queued_ns == 100 && ended[0].taken_ns == 150 &&
          ended[0].ended_ns == 400);
    CHECK(ended[0].end == CALL_ANSWERED && ended[0].server == 50 && call_is_error(&ended[0]));
    CHECK(strcmp(name_operation(&ended[0], name), "vfs.open") == 0);
    CHECK(strcmp(name_result(&ended[0], name), "E_NOENT") == 0);
    calls_finish(&calls);
    CHECK(ended_count == 1);
}

static void other_ends(void)
{
    struct calls calls = {.done = keep};
    char name[NAME_SIZE];
    ended_count = 0;
    add(&calls, TRACE_QUEUED, 1, 100, 7); /* times out before anybody had it */
    add(&calls, TRACE_LEFT, 1, 200, 0);
    CHECK(ended_count == 1 && ended[0].end == CALL_GONE && !ended[0].taken_ns && ended[0].ended_ns == 200);
    CHECK(strcmp(name_result(&ended[0], name), "(no answer)") == 0);
    add(&calls, TRACE_TAKEN, 2, 300, 7); /* its server dies */
    add(&calls, TRACE_FAILED, 2, 310, E_RESTARTED);
    add(&calls, TRACE_TAKEN, 3, 320, 7);
    CHECK(ended_count == 2 && ended[1].end == CALL_FAILED && call_is_error(&ended[1]));
    CHECK(strcmp(name_result(&ended[1], name), "E_RESTARTED") == 0);
    add(&calls, TRACE_LOST, 0, 330, 17);
    add(&calls, TRACE_TAKEN, 3, 340, 8); /* the end of the one before is among them */
    CHECK(ended_count == 3 && ended[2].end == CALL_GONE && calls.lost == 17);
    calls_finish(&calls);
    CHECK(ended_count == 4 && ended[3].end == CALL_OPEN);
}

static void faults_and_one_way(void)
{
    struct calls calls = {.done = keep};
    struct trace_record fault = record(TRACE_TAKEN, 1, 100, MSG_FAULT), send = record(TRACE_TAKEN, 2, 105, 7);
    char name[NAME_SIZE];
    ended_count = 0;
    fault.flags = TRACE_FAULT;
    send.flags = TRACE_ONE_WAY;
    calls_add(&calls, &fault);
    calls_add(&calls, &send);
    CHECK(ended_count == 1 && ended[0].client == 2 && ended[0].ended_ns == 105);
    fault.kind = TRACE_LEFT;
    fault.time_ns = 110;
    calls_add(&calls, &fault);
    CHECK(ended_count == 2 && ended[1].end == CALL_ANSWERED && ended[1].status == 0);
    CHECK(strcmp(name_operation(&ended[1], name), "fault") == 0 && !call_is_error(&ended[1]));
    calls_finish(&calls);
}

static void names(void)
{
    struct call call = {.label = blk_label_read, .server_name = "blk"};
    char name[NAME_SIZE];
    CHECK(strcmp(name_operation(&call, name), "blk.read") == 0);
    strcpy(call.server_name, "stranger"); /* a number that each server has its own meaning for */
    CHECK(strcmp(name_operation(&call, name), "#2") == 0 || name[0] == '#');
    call.label = io_label_read; /* one that means the same everywhere */
    CHECK(strcmp(name_operation(&call, name), "io.read") == 0);
    call.status = 4000;
    CHECK(strcmp(name_result(&call, name), "4000") == 0);
    call.status = E_TOUCH;
    CHECK(!call_is_error(&call) && strcmp(name_result(&call, name), "E_TOUCH") == 0);
}

/* Records in any order, of few threads: nothing is told twice or with times out of order. */
static void scribbled(void)
{
    uint64_t seed = 7, added = 0;
    for (int round = 0; round < 200; round++) {
        struct calls calls = {.done = keep};
        for (int i = 0; i < 500; i++) {
            struct trace_record r =
                record((enum trace_kind)(check_random(&seed) % 8), (uint32_t)(check_random(&seed) % 6),
                       added++, (uint32_t)check_random(&seed));
            r.flags = (uint32_t)(check_random(&seed) % 4);
            memset(r.client_name, (int)(check_random(&seed) & 255), sizeof r.client_name); /* no NUL */
            ended_count = 0;
            CHECK(calls_add(&calls, &r));
            CHECK(ended_count <= 2 && calls.count <= 6);
            for (size_t j = 0; j < ended_count; j++)
                CHECK(ended[j].ended_ns >= ended[j].queued_ns && ended[j].client_name[15] == 0);
        }
        calls_finish(&calls);
    }
}

/* What Python says of the file's JSON. */
static int check_json(const char *path, const char *condition)
{
    char command[1024];
    snprintf(command, sizeof command,
             "python3 -c 'import json\nd = json.load(open(\"%s\"))\ne = d[\"traceEvents\"]\nassert %s, e'",
             path, condition);
    return system(command);
}

static void chrome_json(void)
{
    char path[] = "/tmp/ipctrace_testXXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    struct chrome chrome;
    struct call call = {.queued_ns = 2001000,
                        .taken_ns = 2003500,
                        .ended_ns = 2010000,
                        .label = vfs_label_open,
                        .client = 7,
                        .server = 12,
                        .client_task = 3,
                        .server_task = 5,
                        .client_name = "a\"b\\c\n\xff",
                        .server_name = "vfs"};
    chrome_begin(&chrome, file, 1000000);
    chrome_call(&chrome, &call);
    call.taken_ns = 0; /* never taken */
    call.end = CALL_OPEN;
    chrome_call(&chrome, &call);
    bool written = chrome_end(&chrome, 5);
    fclose(file);
    int bad =
        check_json(path, "[x[\"ph\"] for x in e] == list(\"MMXMMbeX\")") ||
        check_json(path, "e[0][\"args\"][\"name\"] == \"a\\\"b\\\\c\\n\\u00ff\"") ||
        check_json(path, "e[1][\"name\"] == \"thread_name\" and e[1][\"tid\"] == 7 and e[1][\"pid\"] == 3") ||
        check_json(path,
                   "e[2][\"name\"] == \"vfs.open\" and e[2][\"ts\"] == 1001.0 and e[2][\"dur\"] == 9.0") ||
        check_json(path, "e[2][\"args\"][\"queued_us\"] == 2.5 and e[2][\"args\"][\"served_us\"] == 6.5") ||
        check_json(path, "e[5][\"id\"] == e[6][\"id\"] and d[\"otherData\"][\"lost_records\"] == 5");
    unlink(path);
    CHECK(written);
    CHECK(!bad);
}

/* Nothing happened: that is valid too. */
static void chrome_empty(void)
{
    char path[] = "/tmp/ipctrace_testXXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    struct chrome chrome;
    chrome_begin(&chrome, file, 0);
    chrome_end(&chrome, 0);
    fclose(file);
    int bad = check_json(path, "e == []");
    unlink(path);
    CHECK(!bad);
}

static void summed_up(void)
{
    struct summary summary = {0};
    struct call call = {
        .queued_ns = 0, .taken_ns = 1000, .ended_ns = 3000, .label = vfs_label_open, .server_name = "vfs"};
    char text[1024] = "";
    FILE *file = fmemopen(text, sizeof text, "w");
    summary_add(&summary, &call);
    call.status = E_NOENT;
    call.ended_ns = 5000;
    summary_add(&summary, &call);
    CHECK(summary.count == 1 && summary.lines[0].calls == 2 && summary.lines[0].errors == 1);
    CHECK(summary.lines[0].queued_ns == 2000 && summary.lines[0].served_ns == 6000 &&
          summary.lines[0].longest_ns == 5000);
    summary_print(&summary, file);
    fclose(file);
    CHECK(strstr(text, "vfs.open"));
}

int main(void)
{
    RUN(one_call);
    RUN(other_ends);
    RUN(faults_and_one_way);
    RUN(names);
    RUN(scribbled);
    RUN(chrome_json);
    RUN(chrome_empty);
    RUN(summed_up);
    CHECK_END();
}
