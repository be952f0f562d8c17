/* Every operation of every protocol, at random and wrong, on the servers as another server reaches them: blk,
 * vfs with the right to register, init. What programs reach is in tests/system/ipc_fuzz.c. */
#include <proto/blk.h>
#include <proto/init.h>
#include <proto/pager.h>
#include <proto/proc.h>
#include <proto/tty.h>
#include <proto/vfs.h>

#include "../lib/fuzz.c"
#include "lib/ktest.h"

enum { CALLS = 30000 };

static const struct ipc_protocol *const all[] = {
    &blk_protocol,  &init_protocol, &vfs_protocol,   &io_protocol,
    &proc_protocol, &tty_protocol,  &pager_protocol, 0};
static const struct ipc_protocol *const of_blk[] = {&blk_protocol, 0};
static const struct ipc_protocol *const of_vfs[] = {&vfs_protocol, &io_protocol, 0};
static const struct ipc_protocol *const of_init[] = {&init_protocol, &io_protocol, 0};
static const struct ipc_protocol *const of_pager[] = {&pager_protocol, 0};

static uint8_t called[8][FUZZ_OPS];
static char lent[FUZZ_LENT], window[1 << 16];
static struct fuzz fuzz = {.seed = 20261121,
                           .protocols = all,
                           .called = called,
                           .window = (uint64_t)window,
                           .window_size = sizeof window,
                           .lent = lent};

static void target(const char *name, handle_t session, const struct ipc_protocol *const *speaks)
{
    struct handle_info info = {0};

    CHECK_IS(sys_handle_info(session, &info), 0);
    fuzz.targets[fuzz.target_count++] = (struct fuzz_target){name, session, info.rights, speaks, 0};
}

static void calls(void)
{
    const char *never;

    for (int i = 0; i < CALLS; i++)
        if (!fuzz_once(&fuzz, 0)) {
            ipc_log(IPC_INFO, "# call %d, %s, operation %x: %s", i, fuzz.wrong_target, fuzz.wrong_label,
                    fuzz.wrong);
            CHECK(false);
            return;
        }
    fuzz.protocols =
        (const struct ipc_protocol *const[]){&blk_protocol, &init_protocol, &vfs_protocol, &io_protocol, 0};
    never = fuzz_never_called(&fuzz);
    ipc_log(IPC_INFO, "# %lu calls answered, %lu not; never: %s", fuzz.answered, fuzz.refused,
            never ? never : "none");
    CHECK(!never);
}

static void servers_answer(void)
{
    struct init_service list[8] = {0};
    struct ipc_transfer t = {.out = list, .out_len = sizeof list}, path = {.in = "/dev", .in_len = 4};
    struct init_count count = {0};
    struct blk_info info = {0};

    CHECK_IS(init_list_with(ipc_handle("init"), 0, &count, &t), 0);
    for (uint64_t i = 0; i < count.count && i < 8; i++)
        CHECK_IS(list[i].deaths, 0);
    int error = blk_list(ipc_handle("blk"), &(struct blk_index){0}, &info, 0);
    CHECK(error == 0 || error == E_NOENT || error == E_RANGE || error == E_NXIO);
    CHECK_IS(vfs_access_with(ipc_handle("vfs"), &(struct vfs_access){0, 0}, 0, &path), 0);
}

int main(void)
{
    static const struct ktest tests[] = {{"calls", calls}, {"servers-answer", servers_answer}};

    init_ready(ipc_handle("init"), 0, 0, 0); /* init's own threads come with that, and not in the middle */
    ipc_sleep_until(IPC_MS(50));
    target("blk", ipc_handle("blk"), of_blk);
    target("vfs", ipc_handle("vfs"), of_vfs);
    target("init", ipc_handle("init"), of_init);
    target("pager", HANDLE_FIRST(SLOT_PAGER), of_pager);
    fuzz.target_count--; /* the pager would do to this very program what it asks for; its session is sent
                            along */
    fuzz.targets[fuzz.target_count].speaks = of_pager;
    ktest_main(tests, KTEST_COUNT(tests));
}
