/* From the boot code to the first user thread. */
#include <block.h>
#include <sched.h>
#include <stage.h>
#include <ouros_version.h>

#define PAGER_PRIORITY 58

/* The pager is the first task: it holds a handle to itself and the three authorities, in the order of their
 * slots. Without memory for that there is no going on. */
static void start_pager(struct boot_params *params)
{
    static const enum object_kind authority[] = {OBJ_MEMORY, OBJ_HARDWARE, OBJ_TASK_MAKER};
    const uint32_t rights = RIGHT_COPY | RIGHT_MANAGE;
    struct task *task;
    struct thread *thread;
    struct object *object;
    uint64_t handle;
    ASSERT(!task_create(&account_nobody, UINT64_MAX, &task));
    ASSERT(!handle_insert_new(task, &task->object, rights | RIGHT_INFO, &handle));
    for (uint32_t i = 0; i < sizeof authority / sizeof *authority; i++)
        ASSERT(!object_create(&account_nobody, authority[i], sizeof *object, &object) &&
               !handle_insert_new(task, object, rights, &handle));
    ASSERT(handle == HANDLE_FIRST(PAGER_HANDLE_TASK_MAKER));
    const struct boot_info *info = boot_pager_load(&task->vms, params);
    task->is_pager = true;
    __builtin_memcpy(task->name, "pager", sizeof "pager");
    ASSERT(!thread_create(task, info->entry, USER_STACK_TOP, info->segment[0].va, PAGER_PRIORITY, &thread));
    sched_ready(thread, SCHED_TAIL);
    object_put(&thread->object);
}

void kernel_main(struct boot_params *params)
{
    log_print(LOG_INFO, "%s", OUROS_BUILD);
    memory_init(params);
    sched_init();
    boot_stage(STAGE_PAGER);
    start_pager(params);
    boot_stage(STAGE_DONE);
    arch_enter_first();
}
