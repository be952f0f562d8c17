/* From the boot code to the first user thread. */
#include <block.h>
#include <sched.h>
#include <stage.h>
#include <ouros_version.h>

#define PAGER_PRIORITY 58

const char *boot_cmdline;

static void give_authority(struct task *task, enum object_kind kind, uint32_t slot)
{
    struct object *object;
    uint64_t handle;
    if (object_create(NULL, kind, sizeof *object, &object) ||
        handle_insert(task, object, RIGHT_COPY | RIGHT_MANAGE, slot, &handle))
        panic("no memory for the first task's authorities");
    object_put(object);
}

/* The pager is the first task: it holds the three authorities and a handle to itself. */
static void start_pager(struct boot_params *params)
{
    struct task *task;
    struct thread *thread;
    uint64_t handle;
    if (task_create(NULL, UINT64_MAX, &task) ||
        handle_insert(task, &task->object, RIGHT_COPY | RIGHT_MANAGE | RIGHT_INFO, PAGER_HANDLE_TASK,
                      &handle))
        panic("no memory for the first task");
    give_authority(task, OBJ_MEMORY, PAGER_HANDLE_MEMORY);
    give_authority(task, OBJ_HARDWARE, PAGER_HANDLE_HARDWARE);
    give_authority(task, OBJ_TASK_MAKER, PAGER_HANDLE_TASK_MAKER);
    const struct boot_info *info = boot_pager_load(&task->vms, params);
    task->is_pager = true;
    __builtin_memcpy(task->name, "pager", sizeof "pager");
    if (thread_create(task, info->entry, USER_STACK_TOP, info->segment[0].va, PAGER_PRIORITY, &thread))
        panic("no memory for the first thread");
    sched_ready(thread, SCHED_TAIL);
    object_put(&thread->object);
    object_put(&task->object);
}

void kernel_main(struct boot_params *params)
{
    boot_cmdline = params->cmdline;
    log_print(LOG_INFO, "%s", OUROS_BUILD);
    memory_init(params);
    sched_init();
    boot_stage(STAGE_PAGER);
    start_pager(params);
    boot_stage(STAGE_DONE);
    arch_enter_first();
}
