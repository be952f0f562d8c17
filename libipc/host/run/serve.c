/* A server as a program of Linux, behind a socket: `make host-run SERVER=calc`. Its arguments: where to listen,
 * then NAME=SOCKET for each session that it is given under a name, NAME=@FILE for a memory object. */
#include <ipc/host.h>
#include <ipc/startup_build.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GIVEN_MAX = 16 };

int SERVER_MAIN(void);
void ipc_startup_set(const struct startup *block); /* ipc/task.h, which has a server's main, too */

static char block[1 << 14] __attribute__((aligned(16)));
static struct startup_handle handles[GIVEN_MAX];
static struct startup_data blobs[GIVEN_MAX];
static uint64_t places[GIVEN_MAX][2]; /* of an object: offset, size, as init says it of the RAM disk */

static int object_of_file(const char *name, const char *path, struct startup_input *in)
{
    FILE *file = fopen(path, "rb");
    long size = file && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    char *bytes = size > 0 ? malloc((size_t)size) : NULL;
    int ok = bytes && fseek(file, 0, SEEK_SET) == 0 && fread(bytes, 1, (size_t)size, file) == (size_t)size;

    if (file)
        fclose(file);
    if (ok) {
        places[in->blob_count][1] = (uint64_t)size;
        blobs[in->blob_count] = (struct startup_data){name, places[in->blob_count], sizeof places[0]};
        in->blob_count++;
        handles[in->handle_count++] = startup_named(name, ipc_host_object(bytes, (size_t)size));
    }
    free(bytes);
    return ok ? 0 : 1;
}

static int given(char *argument, struct startup_input *in)
{
    char *what = strchr(argument, '=');
    handle_t session = HANDLE_NONE;

    if (!what || in->handle_count == GIVEN_MAX)
        return 1;
    *what++ = 0;
    if (*what == '@')
        return object_of_file(argument, what + 1, in);
    for (int tries = 0; tries < 100 && !session; tries++) {
        session = ipc_host_connect(what);
        if (!session)
            usleep(100000);
    }
    handles[in->handle_count++] = startup_named(argument, session);
    return session ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct startup_input in = {.handles = handles, .blobs = blobs};

    for (int i = 2; i < argc; i++)
        if (given(argv[i], &in)) {
            fprintf(stderr, "%s: cannot be given\n", argv[i]);
            return 1;
        }
    if (argc < 2 || startup_build(&in, block, sizeof block))
        return 1;
    ipc_startup_set((struct startup *)block);
    unlink(argv[1]);
    if (ipc_host_listen(argv[1], RIGHT_PROTOCOL))
        return 1;
    printf("listening at %s\n", argv[1]);
    fflush(stdout);
    ipc_host_start(SERVER_MAIN);
    ipc_host_join();
    return 1; /* a server does not end */
}
